package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// entry is a JSON line that is being read. What is recognised is taken out of its
// members; the rest becomes attributes.
type entry struct {
	members map[string]any
	record  Record
	ends    bool // the process is about to end
	file    string
	line    int64
	fn      string
}

// object logs a line that is a JSON object, and reports whether it was one.
func (w *writer) object(line []byte) bool {
	if bytes.TrimLeft(line, " \t")[0] != '{' {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber() // 64-bit IDs do not fit a float
	e := entry{record: Record{Level: w.level, Type: TypeLogger}}
	if dec.Decode(&e.members) != nil || len(bytes.TrimSpace(line[dec.InputOffset():])) > 0 {
		return false
	}
	ctx := e.trace(context.Background(), &w.keys)
	e.read(&w.keys)
	e.place(&w.keys)
	e.judge()
	e.attributes("", e.members, maxGroups)
	w.admit(ctx, e.record, e.ends)
	return true
}

// take removes the first of keys whose value use accepts.
func (e *entry) take(keys []string, use func(v any) bool) {
	for _, key := range keys {
		if v, ok := e.members[key]; ok && use(v) {
			delete(e.members, key)
			return
		}
	}
}

// takeText is take for values that are text and not empty.
func (e *entry) takeText(keys []string, use func(s string) bool) {
	e.take(keys, func(v any) bool {
		s, ok := v.(string)
		return ok && s != "" && use(s)
	})
}

// read takes what becomes fields of the record.
func (e *entry) read(keys *WriterKeys) {
	r := &e.record
	e.take(keys.Time, func(v any) (ok bool) {
		r.Time, ok = timeOf(v)
		return ok
	})
	e.takeText(keys.Level, func(s string) bool {
		level, ends, ok := namedLevel(s)
		if ok {
			r.Level, e.ends = level, ends
		}
		return ok
	})
	e.takeText(keys.Message, func(s string) bool {
		r.Message = s
		return true
	})
	for _, key := range keys.Stack {
		if found := stackOf(e.members[key]); found != nil {
			delete(e.members, key)
			if r.Stack == nil {
				r.Stack = found
			}
		}
	}
	e.takeText(keys.Error, func(s string) bool {
		if isBlank(s) {
			return false
		}
		r.Err = errors.New(s)
		return false // an error keeps its key
	})
	e.takeText(keys.Logger, func(s string) bool {
		e.add("logger.name", slog.StringValue(s))
		return true
	})
}

// place takes where the log call was made. Only Go's files count, and a function only
// with its file: applications have files and functions of their own to log.
func (e *entry) place(keys *WriterKeys) {
	e.take(keys.Caller, func(v any) (ok bool) {
		e.file, e.line, e.fn, ok = placeOf(v)
		return ok
	})
	if e.file == "" {
		return
	}
	e.takeText(keys.Function, func(s string) bool {
		e.fn = s
		return true
	})
	if e.fn != "" {
		e.add("code.function.name", slog.StringValue(e.fn))
	}
	e.add("code.file.path", slog.StringValue(e.file))
	e.add("code.line.number", slog.Int64Value(e.line))
}

// judge makes an exception of a line about an error, by the rule of the handler.
func (e *entry) judge() {
	r := &e.record
	if r.Err == nil || r.Level < slog.LevelError {
		return
	}
	r.Type = TypeException
	if r.Stack == nil && e.file != "" {
		fn := e.fn
		if fn == "" {
			fn = baseName(e.file)
		}
		s := stack{frames: []frame{{fn, e.file, int(e.line)}}}
		r.Stack = s.appendLines(nil, true)
	}
}

// trace takes the place in a trace, if all of it is valid.
func (e *entry) trace(ctx context.Context, keys *WriterKeys) context.Context {
	trace, span, flags := e.text(keys.TraceID), e.text(keys.SpanID), e.text(keys.TraceFlags)
	if len(flags) != 2 {
		flags = "00"
	}
	tc, ok := ParseTraceparent("00-" + strings.ToLower(trace) + "-" + strings.ToLower(span) + "-" + strings.ToLower(flags))
	if !ok {
		return ctx
	}
	for _, taken := range [][]string{keys.TraceID, keys.SpanID, keys.TraceFlags} {
		e.takeText(taken, func(string) bool { return true })
	}
	return ContextWithTrace(ctx, tc)
}

// text returns the first text among keys.
func (e *entry) text(keys []string) (text string) {
	for _, key := range keys {
		if s, ok := e.members[key].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

func (e *entry) add(key string, v slog.Value) {
	e.record.Attrs = append(e.record.Attrs, slog.Attr{Key: key, Value: v})
}

// attributes adds members in the order of their keys.
func (e *entry) attributes(prefix string, members map[string]any, depth int) {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		v := members[key]
		if inner, ok := v.(map[string]any); ok && depth > 0 {
			e.attributes(otlp.Join(prefix, key), inner, depth-1)
			continue
		}
		e.add(otlp.Join(prefix, key), jsonValue(v))
	}
}

// stackOf reads a stack: text that has frames in it, or zerolog's list of objects.
func stackOf(v any) []byte {
	switch v := v.(type) {
	case string:
		return stackText(v)
	case []any:
		return stackList(v)
	}
	return nil
}

// stackText takes text that is a stack in Go's form or in that of Java, in which stacks
// are sent. Other text under such a key is somebody's technology stack.
func stackText(s string) []byte {
	if _, ok := parseStack(s); ok || strings.HasPrefix(s, "at ") || strings.Contains(s, "\nat ") {
		return []byte(s)
	}
	return nil
}

// stackList reads [{"func":"main","line":"20","source":"main.go"}, ...].
func stackList(list []any) []byte {
	var s stack
	for _, element := range list {
		member, _ := element.(map[string]any)
		file, _ := member["source"].(string)
		fn, _ := member["func"].(string)
		line, ok := integer(member["line"])
		if file == "" || fn == "" || !ok {
			return nil
		}
		if len(s.frames) == maxFrames {
			s.more++
			continue
		}
		s.frames = append(s.frames, frame{fn, file, int(line)})
	}
	return s.appendLines(nil, true)
}

// timeOf reads a time.
func timeOf(v any) (time.Time, bool) {
	switch v := v.(type) {
	case string:
		for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t, true
			}
		}
	case json.Number:
		return unixTime(v.String())
	}
	return time.Time{}, false
}
