package exchange

import (
	"log/slog"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// pairs is told the attributes of an exchange one by one, and makes of them what is
// asked for. That all come from the same calls is what keeps them equal.
type pairs struct {
	want want

	list []slog.Attr

	out     []byte
	secrets *scrub.Scrubber
	failed  bool // an attribute must not be stored as it is

	key   string
	found bool
}

// want is what is asked for.
type want uint8

const (
	wantList  want = iota // the list
	wantBytes             // out, what is stored
	wantKey               // found, whether there is one with this key
)

// text adds an attribute, unless it is empty.
func (p *pairs) text(key, value string) {
	if value == "" {
		return
	}
	if p.want != wantBytes {
		p.slowly(key, slog.StringValue(value))
		return
	}
	if len(value) > otlp.MaxPlainText || p.secrets.Names(key) || !p.secrets.Clean(value) {
		p.failed = true
		return
	}
	p.out = otlp.AppendText(p.out, key, otlp.Clean(value))
}

func (p *pairs) number(key string, n int64) {
	if p.want != wantBytes || p.secrets.Names(key) {
		p.slowly(key, slog.Int64Value(n))
		return
	}
	p.out = otlp.AppendInt(p.out, key, n)
}

// size adds a number, unless it is negative.
func (p *pairs) size(key string, n int64) {
	if n >= 0 {
		p.number(key, n)
	}
}

func (p *pairs) value(key string, v slog.Value) {
	if p.want != wantBytes || p.secrets.Names(key) {
		p.slowly(key, v)
		return
	}
	p.out = otlp.AppendAttr(p.out, key, v)
}

// slowly is for all but what every request needs.
func (p *pairs) slowly(key string, v slog.Value) {
	switch p.want {
	case wantList:
		p.list = append(p.list, slog.Attr{Key: key, Value: v})
	case wantKey:
		p.found = p.found || p.key == key
	case wantBytes:
		p.failed = true
	}
}
