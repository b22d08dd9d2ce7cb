package faults

import (
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// handled is a transport to a book without a network, for tests on a fake clock.
type handled struct{ b *book }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	got, err := readArrivals(r)
	status := h.b.note(got, err)
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody, ContentLength: 0,
	}, nil
}

// The wall clock jumps: forward, as after a suspend or a correction, and back. A jump
// is staged between two lives of the process: then the times in the directory are of the
// future or of the past. Within a life Go's clocks are monotonic. Records of the future are not evicted for
// their age nor held back, an age is never negative, and those that really are older
// than MaxAge go, and only those.
func TestClockThatJumps_L2(t *testing.T) {
	for _, tt := range []struct {
		name    string
		jump    time.Duration // of the clock, between two lives of the process
		evicted uint64
	}{
		{"back by a second", -time.Second, 0},
		{"back by a day", -24 * time.Hour, 0},
		{"back by ten years", -10 * 365 * 24 * time.Hour, 0},
		{"forward by half of MaxAge", 30 * time.Minute, 0},
		{"forward by a day", 24 * time.Hour, 10},
		{"forward by ten years", 10 * 365 * 24 * time.Hour, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(form.Scratch(t), "ledger")
			agedTree(t, tt.jump).write(t, dir)
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(max(tt.jump, 0)) // See agedTree.
				b := offline()
				b.answer(http.StatusServiceUnavailable)
				cfg := offlineConfig(dir, b)
				cfg.MaxAge = time.Hour
				cfg.FlushInterval = time.Minute
				start := time.Now()
				c := open(t, cfg)
				logN(t, c, 11, 20)
				require.NoError(t, c.Sync(t.Context()))
				time.Sleep(3 * time.Second) // Housekeeping looks at ages once a second.
				st := balance(t, c)
				assert.Equal(t, tt.evicted, st.Evicted, "by age")
				if tt.evicted > 0 {
					assert.False(t, st.OldestPending.Before(start), "what is left was logged in this life")
				}
				b.answer(0)
				time.Sleep(2 * time.Minute) // The interval passes for records of any time.
				assert.Len(t, b.messages(), 20-int(tt.evicted), "nothing waits for its time to come")
				st = balance(t, c)
				assert.Zero(t, st.Pending)
				assert.Zero(t, st.Lost)
				assert.True(t, st.OldestPending.IsZero())
				require.NoError(t, c.Close())
			})
			form.Fault(t, "clock, volume, wrap", "clock %s: 20 records, %d evicted by age, the rest delivered by ID", tt.name, tt.evicted)
		})
	}
}

// agedTree is a directory with ten pending records that a process logged when the
// clock was off by minus jump.
func agedTree(t *testing.T, jump time.Duration) tree {
	t.Helper()
	dir := filepath.Join(form.Scratch(t), "aged")
	synctest.Test(t, func(t *testing.T) {
		// Each bubble begins at the same moment. A process that lives later in its own
		// than the next one in that one sees the clock jump back, and the reverse.
		time.Sleep(max(-jump, 0))
		b := offline()
		b.answer(http.StatusServiceUnavailable)
		c := open(t, offlineConfig(dir, b))
		logN(t, c, 1, 10)
		require.NoError(t, c.Close())
	})
	return readTree(t, dir)
}

// offline is a book that no network leads to.
func offline() *book {
	b := &book{
		url:     "http://offline",
		records: map[string]string{}, bodies: map[string]string{}, resources: map[string]string{},
	}
	b.client = &http.Client{Transport: handled{b}}
	return b
}

func offlineConfig(dir string, b *book) ledger.Config {
	cfg := config(dir, b)
	cfg.Retry.Initial, cfg.Retry.Max = time.Second, time.Second
	return cfg
}
