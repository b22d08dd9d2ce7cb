package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// maxLine is what is looked at of one line, in bytes: more than the attributes of
	// a record may be. It also bounds what is held of a line whose end has not come.
	maxLine = 256 << 10
	// writerWait is how long a line that announces the end of the process may wait for
	// the disk.
	writerWait = 2 * time.Second
)

// WriterOptions change how [Client.Writer] reads lines. The zero value reads what
// zerolog, zap, slog and logrus write as JSON, and plain text.
type WriterOptions struct {
	// Level is that of lines that do not tell; the zero value is slog.LevelInfo.
	Level slog.Level
	// Keys are the keys of JSON lines whose values become fields of the record.
	Keys WriterKeys
}

// WriterKeys name the keys whose values are more than attributes. Nil means the
// default; an empty list that is not nil means none. Of several keys in one line the
// first of the list counts, and the others stay attributes, as does every value that
// does not read as what its key promises.
type WriterKeys struct {
	// Time: "time", "ts", "timestamp", "@timestamp", "T". RFC 3339, zap's ISO 8601, or
	// a Unix time in seconds, milliseconds, microseconds or nanoseconds by its size.
	Time []string
	// Level: "level", "severity", "lvl", "L". The names that the four libraries and
	// Google Cloud use, in any case, and slog's forms as "WARN+2".
	Level []string
	// Message: "message", "msg", "M".
	Message []string
	// Error: "error", "err". The text of an error; it stays an attribute, too.
	Error []string
	// Stack: "errorVerbose", "stack", "stacktrace", "S". A stack as Go prints it, or
	// as zap or zerolog do. A second one in a line is left out.
	Stack []string
	// Caller: "caller", "source", "file", "C". The file and line of a Go source file,
	// as "cart.go:12" or as slog's object.
	Caller []string
	// Function: "func", "function", "F". The function of Caller.
	Function []string
	// Logger: "logger", "N". The logger's name.
	Logger []string
	// TraceID, SpanID and TraceFlags: "trace_id", "traceId" and so on, as hexadecimal
	// digits; the place of the record in a trace.
	TraceID, SpanID, TraceFlags []string
}

func (k WriterKeys) withDefaults() WriterKeys {
	for _, d := range []struct {
		keys *[]string
		def  []string
	}{
		{&k.Time, []string{"time", "ts", "timestamp", "@timestamp", "T"}},
		{&k.Level, []string{"level", "severity", "lvl", "L"}},
		{&k.Message, []string{"message", "msg", "M"}},
		{&k.Error, []string{"error", "err"}},
		{&k.Stack, []string{"errorVerbose", "stack", "stacktrace", "S"}},
		{&k.Caller, []string{"caller", "source", "file", "C"}},
		{&k.Function, []string{"func", "function", "F"}},
		{&k.Logger, []string{"logger", "N"}},
		{&k.TraceID, []string{"trace_id", "traceId", "traceID"}},
		{&k.SpanID, []string{"span_id", "spanId", "spanID"}},
		{&k.TraceFlags, []string{"trace_flags", "traceFlags"}},
	} {
		if *d.keys == nil {
			*d.keys = d.def
		} else {
			*d.keys = slices.Clone(*d.keys) // the caller's slice may change
		}
	}
	return k
}

// Writer returns a writer that logs the lines that are written to it, for libraries
// that know nothing else: zerolog, the standard log, the output of another program.
// Nil options are the zero options. It is safe for concurrent use; two goroutines
// must not write parts of one line.
//
// A line that is a JSON object becomes a record of type "logger". Nested objects
// become dotted keys, and numbers keep their value. At slog.LevelError and above a
// line with an error is an exception, as with [Client.Handler].
//
// Any other line is the message of a record of type "console". Its level is read from
// a word in capitals at its start, after what the standard log puts there, that is
// followed by a colon or stands in brackets: "ERROR: ...", "[WARN] ...". A stack that
// follows in the same call, as net/http logs it for a panic, belongs to the line and
// makes it an exception.
//
// A line ends with its newline, however many calls it took; a JSON object that is
// alone in a call needs none. Close logs what is left of a line, and waits up to two
// seconds until all is safe from a power cut. The writer can be used after that:
// zerolog closes it before it ends the process. Lines of the levels "fatal" and
// "panic" wait in the same way. Of a line, 256 KiB are looked at.
//
// Write never fails: a library that was told of an error would print it, for every
// line. The client counts what it does not admit. Do not give Config.Logger a handler
// that writes here.
func (c *Client) Writer(opts *WriterOptions) io.WriteCloser { return newWriter(c, opts) }

// syncer is what a writer needs of a Client.
type syncer interface {
	logger
	Sync(ctx context.Context) error
}

// writer collects lines. How they are read is in writer_line.go.
type writer struct {
	log   syncer
	level slog.Level
	keys  WriterKeys

	mu   sync.Mutex
	rest []byte // a line whose end has not come, at most maxLine of it
}

func newWriter(log syncer, opts *WriterOptions) *writer {
	w := &writer{log: log}
	if opts != nil {
		w.level, w.keys = opts.Level, opts.Keys
	}
	w.keys = w.keys.withDefaults()
	return w
}

// Write logs the lines that end in p, and keeps the rest.
func (w *writer) Write(p []byte) (int, error) {
	first, more := w.complete(p)
	w.lines(first)
	w.lines(more)
	return len(p), nil
}

// Close logs what is left, and makes it durable.
func (w *writer) Close() error {
	w.mu.Lock()
	rest := w.rest
	w.rest = nil
	w.mu.Unlock()
	w.lines(rest)
	return w.sync()
}

func (w *writer) sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), writerWait)
	defer cancel()
	return w.log.Sync(ctx)
}

// complete returns the line that was waiting for its end, if it has come, and the
// whole lines after it. What p has beyond them is kept.
func (w *writer) complete(p []byte) (first, more []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	waited := len(w.rest) > 0
	if waited {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			w.keep(p)
			return nil, nil
		}
		w.keep(p[:end-1])
		first, p, w.rest = w.rest, p[end:], nil
	}
	end := bytes.LastIndexByte(p, '\n') + 1
	if !waited && isObject(p[end:]) {
		return first, p
	}
	w.keep(p[end:])
	return first, p[:end]
}

// keep adds to the line whose end has not come.
func (w *writer) keep(p []byte) {
	w.rest = append(w.rest, p[:min(len(p), maxLine-len(w.rest))]...)
}

// isObject reports whether text is a whole JSON object, which nothing can continue.
func isObject(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{' && len(text) <= maxLine && json.Valid(text)
}

// lines logs each line of text.
func (w *writer) lines(text []byte) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(bytes.TrimSpace(line)) == 0 || len(line) <= maxLine && w.object(line) {
			continue
		}
		end := dumpEnd(text)
		w.plain(string(line[:min(len(line), maxLine)]), text[:end])
		text = text[end:]
	}
}

// admit logs a record, and waits for the disk if the process is about to end.
func (w *writer) admit(ctx context.Context, r Record, ends bool) {
	_ = w.log.Log(ctx, r) // The client counts it.
	if ends {
		_ = w.sync() // It is in the ring all the same.
	}
}
