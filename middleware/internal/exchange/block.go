package exchange

import (
	"context"
	"log/slog"
	"sync"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// block is the attributes of one record as one value, which package ledger lets encode
// them by itself. It lives in a pool, because what is behind an interface is on the heap.
type block struct {
	facts   Facts
	started bool
	attrs   [8]slog.Attr // of the record: the block, and what the application added
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// log logs r with the attributes of f.
func (f *Facts) log(ctx context.Context, l Logger, r ledger.Record, started bool) {
	b, _ := blocks.Get().(*block)
	b.facts, b.started = *f, started
	r.Attrs = b.others(append(b.attrs[:0], slog.Attr{Value: slog.AnyValue(b)}))
	_ = l.Log(ctx, r)
	*b = block{} // or the pool would keep this request's strings alive
	blocks.Put(b)
}

// others appends the attributes that are not the exchange's, and of the application's
// own those whose keys are not there yet.
func (b *block) others(dst []slog.Attr) []slog.Attr {
	dst = append(dst, b.facts.Extra...)
	for _, a := range b.facts.Scope {
		if !b.HasAttr(a.Key) && !otlp.HasKey(b.facts.Extra, a.Key) {
			dst = append(dst, a)
		}
	}
	return dst
}

func (b *block) pairs(p *pairs) {
	if b.started {
		b.facts.startedAttrs(p)
	} else {
		b.facts.attrs(p)
	}
}

// LogValue returns the attributes as a group. Without a key, it stands for its members.
func (b *block) LogValue() slog.Value {
	var p pairs
	b.pairs(&p)
	return slog.GroupValue(p.list...)
}

// AppendAttrs appends the attributes as they are stored. ok is false if s hides one, or
// one may be too long.
func (b *block) AppendAttrs(dst []byte, s *scrub.Scrubber) (_ []byte, ok bool) {
	p := pairs{want: wantBytes, out: dst, secrets: s}
	b.pairs(&p)
	return p.out, !p.failed
}

// HasAttr reports whether one of them has the key.
func (b *block) HasAttr(key string) bool {
	if !isOwn(key) {
		return false
	}
	p := pairs{want: wantKey, key: key}
	b.pairs(&p)
	return p.found
}
