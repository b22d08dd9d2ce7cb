package ledger

import (
	"log/slog"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// block is attributes that encode themselves: those of a request, whose names are known
// before and whose values are in a struct. A list of them would be made, looked through
// and thrown away for each request. It is the value of a record's first attribute, which
// has no key, and only packages of this module can make one.
//
// To whoever does not know it, a hook or the slow path, it is a LogValuer like any other,
// whose group stands for the same attributes.
type block interface {
	slog.LogValuer
	// AppendAttrs appends the attributes in OTLP's form. ok is false if one has to be
	// changed first: s hides it, or its text is longer than otlp.MaxPlainText, below
	// which no limit cuts.
	AppendAttrs(dst []byte, s *scrub.Scrubber) (_ []byte, ok bool)
	// HasAttr reports whether one of them has this key.
	HasAttr(key string) bool
}

// blockOf returns the block of r, nil if it has none, and its other attributes. What
// AppendAttrs appends tells the type of a record to nobody, so the record must.
func blockOf(r *Record) (block, []slog.Attr) {
	if len(r.Attrs) == 0 || r.Attrs[0].Key != "" || r.Attrs[0].Value.Kind() != slog.KindLogValuer || !r.Type.known() {
		return nil, r.Attrs
	}
	if b, ok := r.Attrs[0].Value.Any().(block); ok {
		return b, r.Attrs[1:]
	}
	return nil, r.Attrs
}

// appendBlock appends the attributes of b, which may be nil. ok is as in appendAll.
func (t *tally) appendBlock(dst []byte, b block, s *scrub.Scrubber) (_ []byte, ok bool) {
	if b == nil {
		return dst, true
	}
	for _, list := range t.lists[:t.n] {
		for i := range list {
			if b.HasAttr(list[i].Key) {
				return dst, false
			}
		}
	}
	before := len(dst)
	if dst, ok = b.AppendAttrs(dst, s); !ok {
		return dst, false
	}
	// No byte takes more than six characters, and what the server stores twice is among
	// these. Numbers are longer in JSON, but not twelve times.
	t.most += 2 * 6 * (len(dst) - before)
	t.block = b
	return dst, true
}
