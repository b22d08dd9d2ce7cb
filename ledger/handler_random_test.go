package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// secretText is what a scrubber hides by itself.
const secretText = "Bearer 8f3a9c77d1e2b4a6c8d0e1f2a3b4c5d6"

// program is a chain of With and WithGroup that ends in a log call, made by chance.
type program struct {
	*rand.Rand
	text []string // what it does, for the report of a failure
}

func newProgram(seed uint64) *program {
	return &program{Rand: rand.New(rand.NewPCG(seed, 0))}
}

// step changes a logger, or several in the same way.
type step func(*slog.Logger) *slog.Logger

func (p *program) steps() (steps []step) {
	for range p.IntN(6) {
		if p.IntN(3) == 0 {
			name := p.pick("g", "h", "")
			p.text = append(p.text, fmt.Sprintf("WithGroup(%q)", name))
			steps = append(steps, func(l *slog.Logger) *slog.Logger { return l.WithGroup(name) })
			continue
		}
		attrs := p.attrs(2)
		p.text = append(p.text, fmt.Sprint("With", attrs))
		steps = append(steps, func(l *slog.Logger) *slog.Logger { return l.With(anys(attrs)...) })
	}
	return steps
}

func anys(attrs []slog.Attr) (list []any) {
	for _, a := range attrs {
		list = append(list, a)
	}
	return list
}

func (p *program) pick(of ...string) string { return of[p.IntN(len(of))] }

func (p *program) attrs(depth int) (attrs []slog.Attr) {
	for range p.IntN(5) {
		attrs = append(attrs, slog.Attr{Key: p.pick("a", "b", "c", "drop", "rename", "level", "time", "password"), Value: p.value(depth)})
	}
	return attrs
}

func (p *program) value(depth int) slog.Value {
	switch n := p.IntN(11); {
	case n == 0 && depth > 0:
		return slog.GroupValue(p.attrs(depth - 1)...)
	case n == 1 && depth > 0:
		return slog.AnyValue(valuer{p.value(depth - 1)})
	case n == 2:
		return slog.AnyValue(errors.New(p.pick("no", "never")))
	case n == 3:
		return slog.DurationValue(time.Duration(p.IntN(100)))
	case n == 4:
		return slog.BoolValue(p.IntN(2) == 0)
	case n == 5:
		return slog.Float64Value(float64(p.IntN(100)) / 4)
	case n == 6:
		return slog.AnyValue([]string{"x", p.pick("y", "z")})
	case n == 7:
		return slog.Uint64Value(p.Uint64())
	case n == 8:
		return slog.StringValue(p.pick(secretText, "plain"))
	default:
		return slog.StringValue(p.pick("x", "y", "ü", ""))
	}
}

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

// replaceSome drops, renames and changes, by key and group. It leaves something of every
// group: where nothing is left, slog's own handler forgets a comma, and that the group
// has ended.
func replaceSome(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) == 0 && (a.Key == "drop" || a.Key == slog.TimeKey):
		return slog.Attr{}
	case a.Key == "rename":
		a.Key = "renamed"
	case a.Key == "b" && slices.Contains(groups, "g"):
		return slog.Group("made", slog.String("by", strings.Join(groups, "/")), slog.Int("drop", 1))
	case a.Key == "c":
		return slog.String("c", a.Value.String()+"!")
	}
	return a
}

// slog's own JSON handler is the oracle: the same keys, in the same groups, with the
// same values, whatever the order of With, WithGroup and ReplaceAttr.
func TestEveryLoggerLogsAsSlogsOwn(t *testing.T) {
	for name, replace := range map[string]func([]string, slog.Attr) slog.Attr{"plain": nil, "replaced": replaceSome} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(400) {
				p := newProgram(seed)
				steps, last := p.steps(), p.attrs(3)
				p.text = append(p.text, fmt.Sprint("Log", last))
				var text bytes.Buffer
				var calls, wantCalls []string
				noting := func(into *[]string) func([]string, slog.Attr) slog.Attr {
					if replace == nil {
						return nil
					}
					return func(groups []string, a slog.Attr) slog.Attr {
						*into = append(*into, fmt.Sprint(groups, a.Key))
						return replace(groups, a)
					}
				}
				w := &wire{}
				ours := slog.New(newHandler(w, &HandlerOptions{ReplaceAttr: noting(&calls)}, nil))
				theirs := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{ReplaceAttr: noting(&wantCalls)}))
				for _, s := range steps {
					ours, theirs = s(ours), s(theirs)
				}
				ours.LogAttrs(t.Context(), slog.LevelInfo, "hello", last...)
				theirs.LogAttrs(t.Context(), slog.LevelInfo, "hello", last...)

				want := flatJSON(t, text.Bytes())
				got := map[string]string{}
				rec := w.last(t)
				assert.Equal(t, "hello", rec.Body)
				for _, a := range rec.Attrs {
					if strings.HasPrefix(a.Key, "exception.") {
						continue
					}
					require.NotContains(t, got, a.Key, "%d: %s", seed, p.text)
					got[a.Key] = fmt.Sprint(a.Value.Any())
				}
				require.Equal(t, want, got, "%d: %s", seed, p.text)
				slices.Sort(calls)
				slices.Sort(wantCalls)
				require.Equal(t, wantCalls, calls, "%d: ReplaceAttr is asked about the same: %s", seed, p.text)
			}
		})
	}
}

func TestAGroupOfWhichReplaceAttrLeavesNothing(t *testing.T) {
	var asked []string
	log, w := testLogger(&HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		asked = append(asked, fmt.Sprint(groups, a.Key))
		if a.Key == "drop" {
			return slog.Attr{}
		}
		return a
	}})
	log.With(slog.Group("g", slog.Group("h", "drop", 1), "a", 1), "b", 2).WithGroup("i").With("drop", 1).Info("m", slog.Group("j", "drop", 1), "c", 3)
	assert.Equal(t, []slog.Attr{slog.Int("g.a", 1), slog.Int("b", 2), slog.Int("i.c", 3)}, w.last(t).Attrs)
	assert.Equal(t, []string{"[g h]drop", "[g]a", "[]b", "[i]drop", "[i j]drop", "[i]c", "[]time", "[]level", "[]msg"}, asked)
}

// flatJSON reads an object as dotted keys, the last of equal ones, without what slog
// puts first.
func flatJSON(t *testing.T, text []byte) map[string]string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	flat := map[string]string{}
	var object func(prefix string)
	object = func(prefix string) {
		for dec.More() {
			key, err := dec.Token()
			require.NoError(t, err)
			name := otlp.Join(prefix, key.(string))
			tok, err := dec.Token()
			require.NoError(t, err)
			switch tok {
			case json.Delim('{'):
				object(name)
			case json.Delim('['):
				var list []any
				for dec.More() {
					element, err := dec.Token()
					require.NoError(t, err)
					list = append(list, element)
				}
				_, err = dec.Token()
				require.NoError(t, err)
				flat[name] = fmt.Sprint(list)
			default:
				flat[name] = fmt.Sprint(tok)
			}
		}
		_, err := dec.Token()
		require.NoError(t, err)
	}
	// The record's own, of which the first of equal keys counts here.
	_, err := dec.Token()
	require.NoError(t, err)
	for _, own := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey} {
		if !bytes.Contains(text, []byte(`{"time":"20`)) && own == slog.TimeKey {
			continue
		}
		key, err := dec.Token()
		require.NoError(t, err)
		require.Equal(t, own, key)
		_, err = dec.Token()
		require.NoError(t, err)
	}
	object("")
	return flat
}

// twice encodes every record with what With encoded before, and without.
type twice struct {
	t     *testing.T
	scope []slog.Attr
	scrub *scrub.Scrubber
	n     int
}

func (w *twice) Log(_ context.Context, r Record) error {
	s := stamp{max: knownLimits(), id: idOf(testID), now: testNow, scope: w.scope, scrub: w.scrub}
	var p preparer
	with := p.encode(nil, &r, &s)
	p.reset()
	if r.preset != nil {
		r.Attrs = append(slices.Clone(r.preset.attrs), r.Attrs...)
		r.preset = nil
	}
	slow := otlp.AppendRecord(nil, p.build(&r, &s))
	require.Equal(w.t, slow, with)
	rec, _, err := otlp.DecodeRecord(with)
	require.NoError(w.t, err)
	require.NotContains(w.t, fmt.Sprint(rec.Attrs), secretText)
	w.n++
	return nil
}

// What With encoded is what each record would have encoded, to the byte, whatever the
// record and its scope add, repeat or hide.
func TestWhatWithEncodesIsWhatTheRecordWould(t *testing.T) {
	w := &twice{t: t, scrub: scrub.New(scrub.Config{})}
	for seed := range uint64(400) {
		p := newProgram(seed)
		w.scope = nil
		if p.IntN(2) == 0 {
			var s Scope
			s.Add(p.attrs(1)...)
			w.scope = s.Attrs()
		}
		l := slog.New(newHandler(w, nil, w.scrub))
		for _, s := range p.steps() {
			l = s(l)
			l.Info("between", "a", 1)
		}
		level := slog.LevelInfo
		if p.IntN(4) == 0 {
			level = slog.LevelError
		}
		r := slog.NewRecord(testNow, level, p.pick("m", "", secretText), 0)
		r.AddAttrs(p.attrs(2)...)
		require.NoError(t, l.Handler().Handle(t.Context(), r))
		require.False(t, t.Failed(), "%d: %s", seed, p.text)
	}
	assert.Greater(t, w.n, 400)
}

// Of equal keys the record's wins, then that of With, then that of the scope; within
// each the last.
func TestOfEqualKeysTheNearestWins(t *testing.T) {
	var s Scope
	s.Add(slog.String("k", "scope"), slog.String("k", "scope, last"), slog.String("g.k", "scope"))
	w := newCaptured(t, Scrub{})
	ctx := ContextWithScope(t.Context(), &s)
	base := slog.New(w.client.Handler(nil))
	with := base.With("k", "with").With("k", "with, last")
	for _, c := range []struct {
		name string
		log  func()
		key  string
		want string
	}{
		{"scope", func() { base.InfoContext(ctx, "m") }, "k", "scope, last"},
		{"With", func() { with.InfoContext(ctx, "m") }, "k", "with, last"},
		{"the record", func() { with.InfoContext(ctx, "m", "k", "record", "k", "record, last") }, "k", "record, last"},
		{"a group", func() { base.WithGroup("g").With("k", "with").InfoContext(ctx, "m") }, "g.k", "with"},
		{"a dotted key", func() { base.WithGroup("g").With("k", "with").InfoContext(ctx, "m", slog.String("k", "record")) }, "g.k", "record"},
		{"not the group's", func() { base.WithGroup("g").With("k", "with").InfoContext(ctx, "m") }, "k", "scope, last"},
		{"of a group in the record", func() { with.InfoContext(ctx, "m", slog.Group("g", "k", "record")) }, "g.k", "record"},
	} {
		c.log()
		rec := w.last(t)
		found := 0
		for _, a := range rec.Attrs {
			if a.Key == c.key {
				found++
				assert.Equal(t, c.want, a.Value.Any(), c.name)
			}
		}
		assert.Equal(t, 1, found, c.name)
	}
}

// captured is a client whose last record a hook keeps as it goes to disk.
type captured struct {
	client *Client
	attrs  []slog.Attr
}

func newCaptured(t *testing.T, s Scrub) *captured {
	t.Helper()
	c := &captured{}
	client, err := Open(Config{
		Dir: t.TempDir() + "/ledger", Endpoint: "http://127.0.0.1:1", Scrub: s,
		BeforeSend: func(_ context.Context, r *Record) bool {
			c.attrs, _ = otlp.Flatten(nil, "", r.Attrs)
			c.attrs = slices.Clone(otlp.Dedup(c.attrs))
			return true
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	c.client = client
	return c
}

func (c *captured) last(*testing.T) otlp.DecodedRecord { return otlp.DecodedRecord{Attrs: c.attrs} }

// A rule may match what it made.
func TestTextOfWithIsScrubbedOnce(t *testing.T) {
	rules := Scrub{Rules: []ScrubRule{{Pattern: regexp.MustCompile(`user-\w+`), Replace: "some $0"}}}.scrubber()
	log := slog.New(newHandler(&wire{}, nil, rules)).With("a", "user-1").With("b", "user-2").With("c", "user-3")
	assert.Equal(t, []slog.Attr{
		slog.String("a", "some user-1"), slog.String("b", "some user-2"), slog.String("c", "some user-3"),
	}, log.Handler().(*handler).preset.attrs)
}

// The value that slog resolves is an error, whatever it was before.
func TestAnErrorBehindAValuerIsTheRecordsErr(t *testing.T) {
	failed := plainError("no")
	for name, opts := range map[string]*HandlerOptions{"plain": nil, "replaced": {ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return a }}} {
		log, w := testLogger(opts)
		log.Error("m", "err", valuer{slog.AnyValue(failed)})
		assert.Equal(t, failed, w.records[0].Err, name)
		assert.Equal(t, TypeException, w.records[0].Type, name)
	}
}
