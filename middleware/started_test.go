package middleware

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestALongRequestIsSeenBeforeItEnds(t *testing.T) {
	tests := []struct {
		name    string
		takes   time.Duration
		records int
	}{
		{"short", 10*time.Second - 1, 1},
		{"long", 10*time.Second + 1, 2},
		{"very long", time.Hour, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCapture()
				r := httptest.NewRequest(http.MethodGet, "/stream?token=x", nil)
				r.Header.Set("X-Request-Id", "r-1")
				begun := time.Now()
				wrap(c, WithStartEvent(10*time.Second))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					SetRoute(r.Context(), "/{feed}")
					AddAttrs(r.Context(), slog.String("tenant", "a"))
					time.Sleep(tt.takes)
				})).ServeHTTP(httptest.NewRecorder(), r)
				time.Sleep(time.Hour) // nothing comes late
				require.Len(t, c.records, tt.records)
				assert.Equal(t, "GET /{feed} 200", c.records[tt.records-1].Message)
				if tt.records == 1 {
					return
				}
				started := c.records[0]
				assert.Equal(t, "GET /{feed} started", started.Message)
				assert.Equal(t, "http.server.request.started", started.EventName)
				assert.Equal(t, ledger.TypeCustom, started.Type)
				assert.Equal(t, slog.LevelInfo, started.Level)
				assert.True(t, started.Time.Equal(begun.Add(10*time.Second)))
				assert.Equal(t, map[string]any{
					"http.request.method": "GET", "http.route": "/{feed}", "url.path": "/stream", "url.scheme": "http",
					"ledger.elapsed": 10.0, "network.peer.address": "192.0.2.1", "network.peer.port": int64(1234),
					"client.address": "192.0.2.1", "server.address": "example.com", "network.protocol.version": "1.1",
					"request.id": "r-1", "tenant": "a",
				}, started.attrs)
			})
		})
	}
}

// The event is being logged when the handler ends: its record waits.
func TestAStartEventNeverComesAfterTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCapture()
		var calls atomic.Int32
		c.before = func() {
			if calls.Add(1) == 1 {
				time.Sleep(time.Minute) // the first to log takes its time
			}
		}
		wrap(c, WithStartEvent(time.Second))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			time.Sleep(2 * time.Second)
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		synctest.Wait()
		require.Len(t, c.records, 2)
		assert.Equal(t, "GET / started", c.records[0].Message)
		assert.Equal(t, "GET / 200", c.records[1].Message)
	})
}

func TestTheTimeOfALongRequestIsReadFromTheClock(t *testing.T) {
	start := time.Now().Add(-time.Hour) // as if the clock was set while it ran
	assert.WithinDuration(t, time.Now(), endOf(start, time.Second), time.Minute)
	assert.True(t, endOf(start, time.Millisecond).Equal(start.Add(time.Millisecond)))
}
