package own_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/own"
)

type seen struct {
	slog.Handler
	ctx []context.Context
}

func (s *seen) Handle(ctx context.Context, _ slog.Record) error {
	s.ctx = append(s.ctx, ctx)
	return nil
}
func (s *seen) WithAttrs([]slog.Attr) slog.Handler           { return s }
func (s *seen) WithGroup(string) slog.Handler                { return s }
func (s *seen) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func TestMark(t *testing.T) {
	assert.False(t, own.Is(t.Context()))
	assert.False(t, own.Is(nil)) //nolint:staticcheck // Some callers of loggers have none.
	marked := own.Mark(t.Context())
	assert.True(t, own.Is(marked))
	ctx, cancel := context.WithCancel(marked)
	defer cancel()
	assert.True(t, own.Is(ctx), "and all that is made of it")
}

func TestEveryLineOfTheLoggerIsMarked(t *testing.T) {
	s := &seen{}
	log := own.Logger(slog.New(s))
	log.Info("plain")
	log.With("a", 1).InfoContext(t.Context(), "with")
	log.WithGroup("g").Info("in a group")
	log.Debug("not enabled")
	assert.Len(t, s.ctx, 3)
	for _, ctx := range s.ctx {
		assert.True(t, own.Is(ctx))
	}
}
