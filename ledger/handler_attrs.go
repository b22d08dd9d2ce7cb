package ledger

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

const (
	// maxGroups bounds groups in groups, and maxLooked what is looked at for one
	// record: LogValue of the application may return itself, twice.
	maxGroups = 32
	maxLooked = 1 << 14
)

// maxJoins bounds the keys that a handler remembers under its groups: keys are mostly
// constants, but nobody says so.
const maxJoins = 128

// joins remembers what keys are called under a prefix, so that no record makes the same
// text again. The map is replaced, never changed.
type joins struct {
	known atomic.Pointer[map[string]string]
	full  atomic.Bool
}

func (j *joins) join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	old := j.known.Load()
	if old != nil {
		if name, ok := (*old)[key]; ok {
			return name
		}
	}
	name := otlp.Join(prefix, key)
	if j.full.Load() {
		return name
	}
	all := make(map[string]string, 8)
	if old != nil {
		maps.Copy(all, *old)
	}
	if len(all) < maxJoins {
		all[strings.Clone(key)] = name
		j.known.CompareAndSwap(old, &all) // If another was faster, the next call tries again.
	} else {
		j.full.Store(true)
	}
	return name
}

// flattener collects the attributes of one record, or of one call of WithAttrs.
type flattener struct {
	replace func([]string, slog.Attr) slog.Attr
	joins   *joins // of the open groups
	prefix  string // of the open groups
	attrs   []slog.Attr
	err     error // the first error among them
	left    int   // of maxLooked
}

func (h *handler) flattener(attrs []slog.Attr) flattener {
	return flattener{replace: h.opts.ReplaceAttr, joins: h.joins, prefix: h.prefix, attrs: attrs, err: h.err, left: maxLooked}
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
	f.noteError(a.Value) // what LogValue returned may be one, too
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" && f.replace != nil {
			groups = append(slices.Clip(groups), a.Key)
		}
		for _, member := range a.Value.Group() {
			f.add(groups, otlp.Join(prefix, a.Key), member, depth-1)
		}
		return
	}
	if !a.Equal(slog.Attr{}) {
		f.attrs = append(f.attrs, slog.Attr{Key: f.key(prefix, a.Key), Value: a.Value})
	}
}

// key returns the key under prefix. Only those of the open groups are remembered: those
// in groups of the record itself are too many by their nature.
func (f *flattener) key(prefix, key string) string {
	if prefix == f.prefix {
		return f.joins.join(prefix, key)
	}
	return otlp.Join(prefix, key)
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
