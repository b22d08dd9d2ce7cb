package sender

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOneOutageWritesTwoLinesS3(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var fixed atomic.Bool
		r := start(t, small(), func(c call) reply {
			switch {
			case fixed.Load():
				return ok
			case c.n%2 == 0:
				return down
			}
			return refused
		})
		r.log.add(10)
		sleep(24 * time.Hour)
		got := r.lines.all()
		require.Len(t, got, 1)
		assert.Contains(t, got[0], `level=WARN msg="sender: delivery fails, records are kept" reason="503 Service Unavailable" retry_in=2s records_waiting=10`)
		fixed.Store(true)
		sleep(time.Hour)
		got = r.lines.all()
		require.Len(t, got, 2)
		assert.Regexp(t, `level=INFO msg="sender: delivery works again" after=24h\S+ failed_attempts=14\d\d outages_not_reported=0 records_waiting=10`, got[1])
	})
}

func TestHoldWritesOneLinePerReasonS3(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, small(), func(c call) reply { return status([]int{401, 403, 404}[c.n%3]) })
		r.log.add(10)
		sleep(24 * time.Hour)
		got := r.lines.all()
		require.Len(t, got, 3)
		for i, reason := range []string{"401 Unauthorized", "403 Forbidden", "404 Not Found"} {
			assert.Contains(t, got[i], fmt.Sprintf("level=ERROR msg=\"sender: delivery is on hold until this is fixed\" reason=%q retry_in=1m0s", reason))
		}
	})
}

func TestLinesAreBoundedForAnyAnswersS3(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, small(), func(c call) reply { return status(404 + c.n%90) })
		r.log.add(10)
		sleep(24 * time.Hour)
		assert.LessOrEqual(t, len(r.lines.all()), 1+maxReasons)
	})
}

func TestServerThatFailsEverySecondRequestIsReportedOnceAMinuteS3(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.FlushSize = 1
		r := start(t, cfg, func(c call) reply {
			if c.n%2 == 0 {
				return down
			}
			return ok
		})
		r.log.add(10_000)
		sleep(time.Hour)
		assert.Greater(t, len(r.server.times()), 2000)
		got := r.lines.all()
		assert.LessOrEqual(t, len(got), 2*61)
		assert.Greater(t, len(got), 60)
		assert.Regexp(t, "outages_not_reported=[1-9]", got[3], "what is left out is counted")
	})
}

// An outage that begins in the quiet minute of another is told about when it
// outlasts it.
func TestLastingOutageIsNotHiddenByAShortOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), func(c call) reply {
			if c.n == 1 {
				return ok
			}
			return down
		})
		r.log.add(2000)
		sleep(5 * time.Minute)
		assert.Len(t, r.lines.all(), 3)
	})
}

func TestLinesHoldNoSecretAndNothingOfAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.APIKey = "ledger_topsecret"
		cfg.Header = http.Header{"X-Token": {"alsosecret"}}
		r := start(t, cfg, always(reply{status: 401, body: "key ledger_topsecret of alsosecret \x1b[31mis\nbad", header: http.Header{}}))
		r.log.add(1000)
		sleep(time.Minute)
		assert.Equal(t, "key [redacted] of [redacted] [31mis bad", r.Health().Message)
		out := fmt.Sprintf("%v %+v %#v", r.lines.all(), r.Health(), r.Stats())
		assert.NotContains(t, fmt.Sprint(r.lines.all()), "bad")
		assert.NotContains(t, out, "secret")
	})
}

func TestConfigNeverPrintsItsSecrets(t *testing.T) {
	cfg := Config{URL: "https://h/v1/logs?token=urlsecret", APIKey: "keysecret", Header: http.Header{"X-Token": {"headersecret"}}}
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "cfg", cfg, "ptr", &cfg)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("m", "cfg", cfg, "in", struct{ C Config }{cfg})
	s, err := New(newFakeLog(t), &fakeStore{}, cfg)
	require.NoError(t, err)
	all := text.String() + js.String()
	assert.Contains(t, fmt.Sprint(s), "https://h/v1/logs")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		all += fmt.Sprintf(verb+verb+verb, cfg, &cfg, struct{ C Config }{cfg}) + fmt.Sprintf(verb, s)
	}
	assert.NotContains(t, all, "secret")
	assert.Contains(t, all, "APIKey: [redacted]")
	assert.Contains(t, all, "https://h/v1/logs")
	assert.Contains(t, all, "X-Token")
}

type panicHandler struct{ slog.Handler }

func (panicHandler) Handle(context.Context, slog.Record) error { panic("handler") }

func TestPanicOfTheLoggerDoesNotEndDelivery(t *testing.T) {
	r := newReporter(slog.New(panicHandler{slog.NewTextHandler(&bytes.Buffer{}, nil)}))
	none := func() int { return 0 }
	assert.NotPanics(t, func() {
		r.failed(time.Now(), outcome{kind: temporary}, false, time.Second, none)
		r.succeeded(time.Now(), none)
	})
}
