package proxies

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seeded returns a source of random choices that can be repeated.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(form.Seed(t), 0))
}

// within bounds a wait. A test that needs longer has failed.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// pause lets the load go on for a while.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// eventually waits for a condition that has to come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for ctx := within(t, 20*time.Second); !is(); {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.FailNow(t, "it never came: "+what)
		}
	}
}
