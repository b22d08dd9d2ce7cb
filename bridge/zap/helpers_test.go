package ledgerzap

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
)

func testLogger(opts ...Option) (*zap.Logger, *recorded.Fake) {
	c := &recorded.Fake{}
	return zap.New(newCore(c, opts)), c
}

// logged returns the attributes that fields become.
func logged(t *testing.T, fields ...zap.Field) map[string]any {
	t.Helper()
	log, c := testLogger()
	log.Info("m", fields...)
	attrs := c.Last(t).Values
	log.With(fields...).Info("m")
	require.Equal(t, attrs, c.Last(t).Values, "With is to log the same as the call")
	return attrs
}

var _ slog.LogValuer = secret("")

// secret is text that hides itself from loggers.
type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("***") }
func (s secret) String() string     { return string(s) }
