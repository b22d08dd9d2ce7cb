package otlp

import (
	"encoding/hex"
	"flag"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The bytes of a record are an on-disk format: what a former version stored must
// be what this version would have stored, or duplicates differ.
func TestGoldenBytes(t *testing.T) {
	exception := &Record{
		Time: 1764000000123456789, Observed: 1764000000123456789, Severity: 17, SeverityText: "ERROR",
		Body: "checkout failed", EventName: "shop.checkout", Dropped: 2,
		Attrs: []slog.Attr{
			slog.String("exception.type", "*net.OpError"),
			slog.String("exception.message", "dial tcp: connection refused"),
			slog.String("exception.stacktrace", "at shop.Pay(pay.go:12)\nat main.main(main.go:3)"),
		},
	}
	values := &Record{Body: "é\x00\xff", Attrs: []slog.Attr{
		slog.Int("int", -1), slog.Uint64("uint", math.MaxUint64), slog.Float64("float", 1.5), slog.Float64("inf", math.Inf(-1)),
		slog.Bool("bool", true), slog.Duration("duration", time.Second), slog.Time("time", time.Unix(1764000000, 5).UTC()),
		slog.Any("bytes", []byte{1, 2}), slog.Any("list", []any{"a", int64(1), []string{}}), slog.Any("nil", nil),
		slog.Group("g", slog.Group("h", slog.String("k", "v"))), slog.Any("json", map[string]int{"a": 1}),
	}}
	resource := AppendResource(nil, []slog.Attr{slog.String("service.name", "shop"), slog.String("service.version", "1.2.3")})
	http := AppendRecord(nil, httpRecord())

	for name, b := range map[string][]byte{
		"empty":     AppendRecord(nil, &Record{}),
		"http":      http,
		"exception": AppendRecord(nil, exception),
		"values":    AppendRecord(nil, values),
		"resource":  resource,
		"request":   append(AppendRequestPrefix(nil, resource, "ledger", "0.1.0", len(http)), http...),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".hex")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(hex.Dump(b)), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run the test with -update to make it")
			assert.Equal(t, string(want), hex.Dump(b))
		})
	}
}
