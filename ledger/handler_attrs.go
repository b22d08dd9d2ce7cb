package ledger

import (
	"log/slog"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

const (
	// maxGroups bounds groups in groups, and maxLooked what is looked at for one
	// record: LogValue of the application may return itself, twice.
	maxGroups = 32
	maxLooked = 1 << 14
)

// flattener collects the attributes of one record, or of one call of WithAttrs.
type flattener struct {
	replace func([]string, slog.Attr) slog.Attr
	attrs   []slog.Attr
	err     error // the first error among them
	left    int   // of maxLooked
}

func (h *handler) flattener(attrs []slog.Attr) flattener {
	return flattener{replace: h.opts.ReplaceAttr, attrs: attrs, err: h.err, left: maxLooked}
}

// add appends a under prefix, or its members if it is a group.
func (f *flattener) add(groups []string, prefix string, a slog.Attr, depth int) {
	if f.left == 0 || depth == 0 {
		f.attrs = append(f.attrs, slog.String(otlp.Join(prefix, a.Key), "!DEEP: nested without end"))
		return
	}
	f.left--
	given := a.Value
	a.Value = otlp.Resolve(a.Value)
	if f.replace != nil && a.Value.Kind() != slog.KindGroup {
		a = f.replaced(groups, a)
		given = a.Value // an error that was taken away must not come back as Err
	}
	f.noteError(given)
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups = append(slices.Clip(groups), a.Key)
		}
		for _, member := range a.Value.Group() {
			f.add(groups, otlp.Join(prefix, a.Key), member, depth-1)
		}
		return
	}
	if !a.Equal(slog.Attr{}) {
		f.attrs = append(f.attrs, slog.Attr{Key: otlp.Join(prefix, a.Key), Value: a.Value})
	}
}

// noteError remembers the first error.
func (f *flattener) noteError(v slog.Value) {
	if f.err != nil || v.Kind() != slog.KindAny && v.Kind() != slog.KindLogValuer {
		return
	}
	if err, ok := v.Any().(error); ok {
		f.err = err
	}
}

// replaced calls ReplaceAttr. If that panics the value is not shown: hiding it may
// be what ReplaceAttr is for.
func (f *flattener) replaced(groups []string, a slog.Attr) (out slog.Attr) {
	defer func() {
		if recover() != nil {
			out = slog.String(a.Key, "!PANIC: in ReplaceAttr")
		}
	}()
	out = f.replace(groups, a)
	out.Value = otlp.Resolve(out.Value)
	return out
}

// replaceBuiltins offers the record's own fields to ReplaceAttr.
func (f *flattener) replaceBuiltins(r *Record) {
	if !r.Time.IsZero() {
		a := f.replaced(nil, slog.Time(slog.TimeKey, r.Time))
		if a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
			r.Time = a.Value.Time()
		} else {
			f.keep(a)
		}
	}
	a := f.replaced(nil, slog.Any(slog.LevelKey, r.Level))
	if level, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey {
		r.Level = level
	} else {
		f.keep(a) // a record has a level all the same
	}
	a = f.replaced(nil, slog.String(slog.MessageKey, r.Message))
	if a.Key == slog.MessageKey && a.Value.Kind() == slog.KindString {
		r.Message = a.Value.String()
	} else {
		r.Message = ""
		f.keep(a)
	}
}

// addSource adds the place of the log call. ReplaceAttr sees it as slog's handlers
// show it, and may change the *slog.Source.
func (f *flattener) addSource(source *slog.Source) {
	if source == nil {
		return
	}
	a := slog.Any(slog.SourceKey, source)
	if f.replace != nil {
		a = f.replaced(nil, a)
	}
	source, ok := a.Value.Any().(*slog.Source)
	if !ok || a.Key != slog.SourceKey || source == nil {
		f.keep(a)
		return
	}
	f.attrs = append(f.attrs,
		slog.String("code.function.name", source.Function),
		slog.String("code.file.path", source.File),
		slog.Int("code.line.number", source.Line))
}

// keep appends an attribute that ReplaceAttr made of a built-in one.
func (f *flattener) keep(a slog.Attr) {
	if !a.Equal(slog.Attr{}) {
		f.attrs = append(f.attrs, a)
	}
}
