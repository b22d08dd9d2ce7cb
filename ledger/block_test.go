package ledger

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// listBlock is a block made of a list of text.
type listBlock []slog.Attr

func (b listBlock) LogValue() slog.Value    { return slog.GroupValue(b...) }
func (b listBlock) HasAttr(key string) bool { return otlp.HasKey(b, key) }

func (b listBlock) AppendAttrs(dst []byte, s *scrub.Scrubber) ([]byte, bool) {
	ok := true
	for _, a := range b {
		ok = ok && s.Clean(a.Value.String()) && len(a.Value.String()) <= otlp.MaxPlainText
		dst = otlp.AppendAttr(dst, a.Key, a.Value)
	}
	return dst, ok
}

func TestARecordWithABlockIsEncodedAsOneWithItsList(t *testing.T) {
	long := strings.Repeat("x", otlp.MaxPlainText+1)
	of := func(typ Type, b listBlock, more ...slog.Attr) Record {
		return Record{Message: "m", Type: typ, Attrs: append([]slog.Attr{{Value: slog.AnyValue(b)}}, more...)}
	}
	pair := listBlock{slog.String("url.path", "/x"), slog.String("user_agent.original", "u")}
	tests := []struct {
		name     string
		r        Record
		scope    []slog.Attr
		resource int
		quick    bool
	}{
		{"alone", of(TypeEndpoint, pair), nil, 0, true},
		{"empty", of(TypeEndpoint, nil), nil, 0, true},
		{"before others", of(TypeCustom, pair, slog.Int("n", 1)), nil, 0, true},
		{"after a scope", of(TypeCustom, pair), []slog.Attr{slog.Int("n", 1)}, 0, true},
		{"its key in a scope", of(TypeCustom, pair), []slog.Attr{slog.Int("url.path", 1)}, 0, false},
		{"its key behind it", of(TypeCustom, pair, slog.Int("url.path", 1)), nil, 0, false},
		{"no type", of("", pair), nil, 0, false},
		{"an exception", of(TypeException, pair), nil, 0, false},
		{"a secret", of(TypeCustom, listBlock{slog.String("k", "a@b.example")}), nil, 0, false},
		{"a text that may be cut", of(TypeCustom, listBlock{slog.String("url.path", long)}), nil, 0, false},
		{"much text, still within the budget", of(TypeCustom, listBlock{slog.String("k", long[1:])}), nil, 70_000, true},
		{"much text, perhaps not within it", of(TypeCustom, listBlock{slog.String("k", long[1:])}), nil, 85_000, false},
		{"not first", Record{Message: "m", Type: TypeCustom, Attrs: []slog.Attr{slog.Int("n", 1), {Value: slog.AnyValue(pair)}}}, nil, 0, false},
		{"with a key", Record{Message: "m", Type: TypeCustom, Attrs: []slog.Attr{{Key: "g", Value: slog.AnyValue(pair)}}}, nil, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.quick, bothWays(t, tt.r, tt.resource, tt.scope...))
		})
	}
	r := of(TypeCustom, pair)
	r.preset = newPreset([]slog.Attr{slog.Int("url.path", 1)}, nil)
	assert.False(t, bothWays(t, r, 0), "its key in a preset")
	r.preset = newPreset([]slog.Attr{slog.Int("n", 1)}, nil)
	assert.True(t, bothWays(t, r, 0), "after a preset")
}
