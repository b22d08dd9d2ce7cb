package ledger

import (
	"log/slog"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// preset is a list of attributes that many records begin with, encoded once. It is
// immutable.
type preset struct {
	attrs []slog.Attr // flat, plain, scrubbed; a key may occur twice
	// ready says that each is unique and within its limit. Only then the rest is filled in.
	ready bool
	bytes []byte
	tally tally
}

// newPreset takes attrs, which are flat and plain, and changes them.
func newPreset(attrs []slog.Attr, s *scrub.Scrubber) *preset {
	p := &preset{attrs: scrubAll(slices.Clip(attrs), s)}
	if len(attrs) >= maxQuickAttrs {
		return p
	}
	p.bytes, p.ready = p.tally.appendAll(nil, p.attrs, nil)
	return p
}

// tally is what is known of the attributes that were appended so far.
type tally struct {
	facts facts
	keys  otlp.KeySet
	block block
	most  int // characters of JSON that they take, in the server's measure
	lists [3][]slog.Attr
	n     int // of lists
}

// appendAll appends attributes that need no change. ok is false if one does, and dst is
// of no use then.
func (t *tally) appendAll(dst []byte, attrs []slog.Attr, s *scrub.Scrubber) (_ []byte, ok bool) {
	t.lists[t.n] = nil
	for i := range attrs {
		a := &attrs[i]
		kind := a.Value.Kind()
		size, ok := t.facts.asItIs(a, kind)
		if !ok || t.keys.Test(a.Key) && t.has(a.Key, attrs[:i]) || t.block != nil && t.block.HasAttr(a.Key) || s.Key(a.Key) {
			return dst, false
		}
		t.most += size
		switch kind {
		case slog.KindString:
			text := a.Value.String()
			if !s.Clean(text) && s.Text(text) != text {
				return dst, false
			}
			dst = otlp.AppendText(dst, a.Key, otlp.Clean(text))
		case slog.KindInt64:
			dst = otlp.AppendInt(dst, a.Key, a.Value.Int64())
		default:
			dst = otlp.AppendAttr(dst, a.Key, a.Value)
		}
	}
	t.lists[t.n] = attrs
	t.n++
	return dst, true
}

// has reports whether a key is among what was appended. It is asked for few keys.
func (t *tally) has(key string, current []slog.Attr) bool {
	for _, list := range t.lists[:t.n] {
		if otlp.HasKey(list, key) {
			return true
		}
	}
	return otlp.HasKey(current, key)
}
