package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lineWire is a wire that can be synced.
type lineWire struct {
	wire
	syncs []time.Time // deadlines
}

func (w *lineWire) Sync(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.syncs = append(w.syncs, deadline)
	return w.err
}

func (w *lineWire) bodies() (bodies []string) {
	for _, r := range w.decoded {
		bodies = append(bodies, fmt.Sprint(r.Body))
	}
	return bodies
}

func testWriter(opts *WriterOptions) (*writer, *lineWire) {
	w := &lineWire{}
	return newWriter(w, opts), w
}

// write writes each text in a call of its own.
func write(t *testing.T, w *writer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		p := []byte(text)
		n, err := w.Write(p)
		require.NoError(t, err)
		require.Equal(t, len(text), n)
		require.Equal(t, text, string(p), "Write must not change what it is given")
		for i := range p {
			p[i] = '#' // nor keep it
		}
	}
}

func TestLinesAndWrites(t *testing.T) {
	for name, c := range map[string]struct {
		writes   []string
		want     []string
		atClose  []string
		isObject bool
	}{
		"one line":                    {[]string{"a\n"}, []string{"a"}, nil, false},
		"several lines in one write":  {[]string{"a\nb\n\nc\n"}, []string{"a", "b", "c"}, nil, false},
		"one line in several writes":  {[]string{"a", "b", "", "c\n"}, []string{"abc"}, nil, false},
		"lines across writes":         {[]string{"a", "b\nc\nd", "e\n"}, []string{"ab", "c", "de"}, nil, false},
		"the newline comes alone":     {[]string{"a", "\n", "b\n"}, []string{"a", "b"}, nil, false},
		"no newline at the end":       {[]string{"a\nb"}, []string{"a"}, []string{"b"}, false},
		"carriage returns":            {[]string{"a\r\nb\r\n\r\n", "c\r", "\n"}, []string{"a", "b", "c"}, nil, false},
		"carriage return in the line": {[]string{"a\rb\n"}, []string{"a\rb"}, nil, false},
		"blank lines":                 {[]string{"\n", "  \t\n", "\r\n", ""}, nil, nil, false},
		"indented":                    {[]string{"  a\n"}, []string{"  a"}, nil, false},
		"JSON line":                   {[]string{"{\"msg\":\"a\"}\n"}, []string{"a"}, nil, true},
		"JSON without newline":        {[]string{`{"msg":"a"}`, `{"msg":"b"}`}, []string{"a", "b"}, nil, true},
		"JSON without, newline later": {[]string{`{"msg":"a"}`, "\n"}, []string{"a"}, nil, true},
		"JSON in several writes":      {[]string{`{"ms`, `g":"a"`, "}", "\n"}, []string{"a"}, nil, true},
		"JSON in two, no newline":     {[]string{`{"msg":`, `"a"}`}, nil, []string{"a"}, true},
		"JSON after a line":           {[]string{"x\n{\"msg\":\"a\"}"}, []string{"x", "a"}, nil, false},
		"space around JSON":           {[]string{"\t {\"msg\":\"a\"} \r\n"}, []string{"a"}, nil, true},
		"an array":                    {[]string{"[1,2]\n"}, []string{"[1,2]"}, nil, false},
		"a number":                    {[]string{"12\n"}, []string{"12"}, nil, false},
		"half an object":              {[]string{"{\"msg\":\"a\"\n"}, []string{`{"msg":"a"`}, nil, false},
		"an object and more":          {[]string{"{\"msg\":\"a\"} b\n"}, []string{`{"msg":"a"} b`}, nil, false},
		"two objects":                 {[]string{"{\"msg\":\"a\"}{}\n"}, []string{`{"msg":"a"}{}`}, nil, false},
		"braces":                      {[]string{"{x}\n"}, []string{"{x}"}, nil, false},
		"NUL and bad UTF-8":           {[]string{"a\x00\xffb\n"}, []string{"a\ufffdb"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, got := testWriter(nil)
			write(t, w, c.writes...)
			assert.Equal(t, c.want, got.bodies())
			require.NoError(t, w.Close())
			assert.Equal(t, append(c.want, c.atClose...), got.bodies())
			for _, r := range got.records {
				assert.Equal(t, slog.LevelInfo, r.Level)
				if c.isObject {
					assert.Equal(t, TypeLogger, r.Type)
				}
			}
			write(t, w, "again\n") // zerolog closes writers before it may not exit
			assert.Equal(t, "again", got.bodies()[len(got.bodies())-1])
			assert.Len(t, got.syncs, 1, "Close makes durable what was logged")
		})
	}
}

func TestWritesOfOneByte(t *testing.T) {
	w, got := testWriter(nil)
	for _, b := range []byte("a b\r\n{\"msg\":\"c\",\"n\":{\"k\":1}}\n\nd\n") {
		write(t, w, string(b))
	}
	assert.Equal(t, []string{"a b", "c", "d"}, got.bodies())
	assert.Equal(t, int64(1), attr(got.decoded[1], "n.k"))
}

func TestHugeLinesAreBounded(t *testing.T) {
	w, got := testWriter(nil)
	piece := strings.Repeat("x", 1<<16)
	for range 100 {
		write(t, w, piece)
		require.LessOrEqual(t, cap(w.rest), 4*maxLine)
	}
	write(t, w, "the end\nnext\n")
	write(t, w, strings.Repeat("y", 1<<20)+"\nlast\n")
	write(t, w, `{"msg":"`+strings.Repeat("z", 1<<20)+"\"}\nreally\n")
	require.Len(t, got.records, 6)
	for i, r := range got.records {
		assert.LessOrEqual(t, len(r.Message), maxLine, i)
	}
	assert.Equal(t, []string{"next", "last", "really"}, []string{got.records[1].Message, got.records[3].Message, got.records[5].Message})
	assert.Empty(t, w.rest)
}

func TestAnObjectOfTheLargestLineIsRead(t *testing.T) {
	w, got := testWriter(nil)
	line := func(n int) string { return `{"msg":"a","k":"` + strings.Repeat("x", n-18) + `"}` }
	require.Len(t, line(maxLine), maxLine)
	write(t, w, line(maxLine)+"\n", line(maxLine+1)+"\n")
	assert.Equal(t, TypeLogger, got.records[0].Type)
	assert.Equal(t, TypeConsole, got.records[1].Type)
}

func TestLevelsOfPlainLines(t *testing.T) {
	const given = slog.LevelDebug
	for line, want := range map[string]slog.Level{
		"ERROR: disk":                   slog.LevelError,
		"ERROR:":                        slog.LevelError,
		"[WARN] disk":                   slog.LevelWarn,
		"[WARN]: disk":                  slog.LevelWarn,
		"[WARN]":                        slog.LevelWarn,
		"WARNING:\tdisk":                slog.LevelWarn,
		"NOTICE: disk":                  slog.LevelInfo + 2,
		"TRACE: x":                      -8,
		"FATAL: x":                      LevelCritical,
		"2026/01/02 03:04:05 [ERROR] x": slog.LevelError,
		"2026/01/02 03:04:05.000006 cart.go:12: INFO: x": slog.LevelInfo,
		"03:04:05 /srv/shop/cart.go:12: ERROR: x":        slog.LevelError,

		// Somebody's text about something else.
		"error: 0 of 12":      given,
		"Error: x":            given,
		"ERROR 404":           given,
		"INFO desk opens":     given,
		"[error] x":           given,
		"[ERROR x":            given,
		"[ERRORS] x":          given,
		"[]":                  given,
		":":                   given,
		"ERRORS: 7":           given,
		"ERROR:7":             given,
		"[WARN]ING":           given,
		"no ERROR: x":         given,
		"[pay] ERROR: x":      given,
		"2026-01-02 ERROR: x": given,
		"x.go:12 ERROR: x":    given,
		"DEFAULT: x":          slog.LevelInfo,
	} {
		w, got := testWriter(&WriterOptions{Level: given})
		write(t, w, "."+line+"\n", line+"\n")
		require.Len(t, got.records, 2)
		assert.Equal(t, given, got.records[0].Level, line)
		assert.Equal(t, want, got.records[1].Level, line)
		assert.Equal(t, line, got.records[1].Message, "the text is kept whole")
		assert.Equal(t, TypeConsole, got.records[1].Type)
	}
}

const dump = `goroutine 7 [running]:
net/http.(*conn).serve.func1()
	/go/src/net/http/server.go:1947 +0xbe
panic({0x1?, 0x2?})
	/go/src/runtime/panic.go:792 +0x132
main.handler({0x7b, 0x7c}, 0xc0)
	/srv/shop/main.go:12 +0x1d
created by net/http.(*Server).Serve in goroutine 1
	/go/src/net/http/server.go:3454 +0x485
`

func TestAStackBelongsToItsLine(t *testing.T) {
	w, got := testWriter(nil)
	write(t, w, "before\nhttp: panic serving 10.0.0.1:1: boom\n"+dump+"\ngoroutine 8 [select]:\nmain.other()\n\t/srv/x.go:1\nafter\n")
	require.Equal(t, []string{"before", "http: panic serving 10.0.0.1:1: boom", "after"}, got.bodies())
	rec := got.decoded[1]
	assert.Equal(t, "exception", attr(rec, "ledger.log_type"))
	assert.Equal(t, "panic", attr(rec, "exception.type"))
	assert.Equal(t, "http: panic serving 10.0.0.1:1: boom", attr(rec, "exception.message"))
	assert.Equal(t, "at main.handler(main.go:12)", attr(rec, "exception.stacktrace"))
	assert.Equal(t, slog.LevelError, got.records[1].Level)
	assert.Equal(t, TypeConsole, got.records[2].Type)

	w, got = testWriter(nil)
	write(t, w, "FATAL: no way\n"+strings.ReplaceAll(dump, "\n", "\r\n"))
	require.Len(t, got.records, 1)
	assert.Equal(t, LevelCritical, got.records[0].Level)
	assert.Equal(t, "error", attr(got.decoded[0], "exception.type"))
	assert.Equal(t, "at main.handler(main.go:12)", attr(got.decoded[0], "exception.stacktrace"))
}

func TestDumpEnds(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"x\n":                     "",
		"f()\n\ta.go:1\n":         "",
		"goroutine x\n":           "",
		dump:                      dump,
		dump + "x\n":              dump,
		dump + "\nx\n":            dump,
		dump + "\n" + dump + "\n": dump + "\n" + dump,
		"goroutine 1 [idle]:\n":   "goroutine 1 [idle]:\n",
		"goroutine 1 [idle]:":     "goroutine 1 [idle]:",
		"goroutine 1 [idle]:\nf()\n\ta.go:1\n...additional frames elided...\ncreated by g\n\tb.go:1\nx": "goroutine 1 [idle]:\nf()\n\ta.go:1\n...additional frames elided...\ncreated by g\n\tb.go:1\n",
	} {
		assert.Equal(t, want, text[:dumpEnd([]byte(text))], text)
	}
}

// A library prints what its writer returns, for every line.
func TestWriteNeverFails(t *testing.T) {
	w, got := testWriter(nil)
	got.err = ErrClosed
	write(t, w, "a\n", "{\"level\":\"fatal\"}\n")
	assert.Len(t, got.records, 2)
	require.ErrorIs(t, w.Close(), ErrClosed)
}

func TestWhatEndsTheProcessIsDurableBefore(t *testing.T) {
	for line, want := range map[string]int{
		`{"level":"fatal"}`: 1, `{"level":"PANIC"}`: 1, "FATAL: x": 1, "PANIC: x": 1,
		`{"level":"error"}`: 0, `{"level":"dpanic"}`: 0, `{"level":"critical"}`: 0, "ERROR: x": 0, "panic: x": 0,
	} {
		w, got := testWriter(nil)
		write(t, w, line+"\n")
		require.Len(t, got.syncs, want, line)
		for _, deadline := range got.syncs {
			assert.WithinDuration(t, time.Now().Add(writerWait), deadline, writerWait/2, "a disk that hangs must not keep the process")
		}
	}
}

// The race detector is half of this test.
func TestAWriterIsSafeForConcurrentUse(t *testing.T) {
	w, got := testWriter(nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				write(t, w, "{\"msg\":\"a\",\"n\":1}\n", "plain\nlines\n")
			}
		})
	}
	group.Wait()
	counts := map[string]int{}
	for _, body := range got.bodies() {
		counts[body]++
	}
	assert.Equal(t, map[string]int{"a": 400, "plain": 400, "lines": 400}, counts)
}
