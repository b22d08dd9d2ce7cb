package exchange

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// kept is a logger that keeps the last record.
type kept struct {
	r   ledger.Record
	err error
}

func (k *kept) Log(_ context.Context, r ledger.Record) error {
	k.r = r
	k.r.Attrs, _ = otlp.Flatten(nil, "", r.Attrs)
	return k.err
}

func (k *kept) attrs() map[string]any {
	m := map[string]any{}
	for _, a := range k.r.Attrs {
		m[a.Key] = a.Value.Any()
	}
	return m
}

func logged(f Facts) *kept {
	k := &kept{err: errors.New("dropped")}
	f.Settle()
	f.Log(context.Background(), k)
	return k
}

func TestEndings(t *testing.T) {
	tests := []struct {
		name       string
		f          Facts
		status     int64
		level      slog.Level
		importance ledger.Importance
		errorType  any
	}{
		{"returned", Facts{}, 200, slog.LevelInfo, ledger.ImportanceStandard, nil},
		{"404", Facts{Status: 404}, 404, slog.LevelWarn, ledger.ImportanceStandard, nil},
		{"429", Facts{Status: 429}, 429, slog.LevelInfo, ledger.ImportanceStandard, nil},
		{"503", Facts{Status: 503}, 503, slog.LevelError, ledger.ImportanceHigh, "503"},
		{"error, 200", Facts{Err: io.EOF}, 200, slog.LevelWarn, ledger.ImportanceStandard, nil},
		{"error, 429", Facts{Err: io.EOF, Status: 429}, 429, slog.LevelWarn, ledger.ImportanceStandard, nil},
		{"error, 500", Facts{Err: io.EOF, Status: 500}, 500, slog.LevelError, ledger.ImportanceHigh, "500"},
		{"gone", Facts{Ending: ClientGone}, 499, slog.LevelInfo, ledger.ImportanceStandard, "client_closed_request"},
		{"gone, error", Facts{Ending: ClientGone, Err: context.Canceled}, 499, slog.LevelInfo, ledger.ImportanceStandard, "client_closed_request"},
		{"gone after 500", Facts{Ending: ClientGone, Status: 500}, 500, slog.LevelInfo, ledger.ImportanceStandard, "client_closed_request"},
		{"aborted", Facts{Ending: Aborted}, 499, slog.LevelInfo, ledger.ImportanceStandard, "aborted"},
		{"panicked", Facts{Ending: Panicked, Panic: io.EOF}, 500, slog.LevelError, ledger.ImportanceHigh, "error"},
		{"panicked after 202", Facts{Ending: Panicked, Panic: io.EOF, Status: 202}, 202, slog.LevelError, ledger.ImportanceHigh, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := logged(tt.f)
			got := k.attrs()
			assert.Equal(t, tt.status, got["http.response.status_code"])
			assert.Equal(t, tt.level, k.r.Level)
			assert.Equal(t, tt.importance, k.r.Importance)
			assert.Equal(t, tt.errorType, got["error.type"])
			assert.Equal(t, EventName, k.r.EventName)
		})
	}
}

func TestTheLevelMayBeChangedAfterSettle(t *testing.T) {
	k, f := &kept{}, Facts{}
	f.Settle()
	f.Level = ledger.LevelCritical
	f.Log(context.Background(), k)
	assert.Equal(t, ledger.LevelCritical, k.r.Level)
	assert.Equal(t, ledger.ImportanceCritical, k.r.Importance)
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "url.path": "/x", "url.scheme": "http",
		"http.response.status_code": int64(200), "http.server.request.duration": 1.5, "ledger.duration_ms": 1500.0,
	}, logged(Facts{Path: "/x", Scheme: "http", Duration: 1500 * time.Millisecond, RequestSize: -1, ResponseSize: -1}).attrs())
}

func TestSizesAfterHijackAndHEAD(t *testing.T) {
	hijacked := logged(Facts{Hijacked: true, ResponseSize: 7}).attrs()
	assert.NotContains(t, hijacked, "http.response.body.size")
	assert.Equal(t, true, hijacked["ledger.hijacked"])
	assert.Equal(t, int64(0), logged(Facts{Method: "HEAD", ResponseSize: 7}).attrs()["http.response.body.size"])
}

func TestTheClientIsThePeerUnlessToldOtherwise(t *testing.T) {
	assert.Equal(t, "192.0.2.1", logged(Facts{Peer: "192.0.2.1:1"}).attrs()["client.address"])
	behind := logged(Facts{Peer: "192.0.2.1:1", Client: "203.0.113.9"}).attrs()
	assert.Equal(t, "203.0.113.9", behind["client.address"])
	assert.Equal(t, "192.0.2.1", behind["network.peer.address"])
	assert.Equal(t, "203.0.113.9", logged(Facts{Peer: "@", Client: "203.0.113.9"}).attrs()["client.address"])
}

func TestTheApplicationsAttributesReplaceNothing(t *testing.T) {
	k := logged(Facts{
		Path: "/x", Extra: []slog.Attr{slog.String("extra", "1")},
		Scope: []slog.Attr{slog.String("url.path", "/forged"), slog.String("extra", "2"), slog.String("mine", "3")},
	})
	assert.Equal(t, "/x", k.attrs()["url.path"])
	assert.Equal(t, "1", k.attrs()["extra"])
	assert.Equal(t, "3", k.attrs()["mine"])
	assert.Len(t, k.r.Attrs, len(k.attrs()), "none is there twice")
}

func TestMoreAttributesThanTheBufferHolds(t *testing.T) {
	var scope []slog.Attr
	for i := range 64 {
		scope = append(scope, slog.Int(string(rune('a'+i)), i))
	}
	k := logged(Facts{Path: "/x", Scope: scope})
	assert.Equal(t, int64(63), k.attrs()[string(rune('a'+63))])
}

func TestSampledRecordsSayForHowManyTheyStand(t *testing.T) {
	for n, want := range map[int64]any{0: nil, 1: nil, 2: int64(2)} {
		assert.Equal(t, want, logged(Facts{Sampled: n}).attrs()[KeySampled])
	}
}

// The buffer goes back to the pool: nothing of a request may stay in it.
func TestNoRequestStaysInThePool(t *testing.T) {
	f := Facts{Path: "/secret", RequestID: "secret"}
	var seen []slog.Attr
	f.Log(context.Background(), logFunc(func(r ledger.Record) { seen = r.Attrs[:cap(r.Attrs)] }))
	for _, a := range seen {
		assert.True(t, a.Equal(slog.Attr{}), "%v", a)
	}
}

type logFunc func(ledger.Record)

func (f logFunc) Log(_ context.Context, r ledger.Record) error { f(r); return nil }

func TestTheStateIsFoundFromTheContext(t *testing.T) {
	type key struct{}
	outer := context.WithValue(context.Background(), key{}, "value")
	var s State
	ctx := s.Enter(outer, "BREW", "")
	derived, cancel := context.WithCancel(ctx)
	defer cancel()
	assert.Same(t, &s, FromContext(derived))
	assert.Equal(t, "value", derived.Value(key{}))
	assert.Equal(t, []slog.Attr{slog.String(KeyMethod, "_OTHER")}, ledger.ScopeFromContext(derived).Attrs())
	assert.Nil(t, FromContext(outer))

	inner := new(State)
	assert.Same(t, inner, FromContext(inner.Enter(derived, "GET", "")), "the nearest counts")
}

// Deriving a context is common and must stay cheap: it makes no scope.
func TestADerivedContextCostsNoScope(t *testing.T) {
	outer, cancel := context.WithCancel(context.Background())
	defer cancel()
	var s State
	ctx := s.Enter(outer, "GET", "r-1")
	derived, stop := context.WithTimeout(ctx, time.Hour)
	defer stop()
	assert.Empty(t, s.Attrs())
	cancel()
	assert.ErrorIs(t, derived.Err(), context.Canceled, "and ends with the outer one")
	assert.NotNil(t, ledger.ScopeFromContext(derived))
	assert.Len(t, s.Attrs(), 2)
}

// What the application sets is no end of the context.
func TestAnErrorThatWasSetIsNotThatOfTheContext(t *testing.T) {
	outer, cancel := context.WithCancelCause(context.Background())
	var s State
	ctx := s.Enter(outer, "GET", "")
	s.SetError(io.EOF)
	assert.NoError(t, ctx.Err())
	assert.NoError(t, context.Cause(ctx))
	cancel(io.ErrUnexpectedEOF)
	<-ctx.Done()
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
	assert.ErrorIs(t, context.Cause(ctx), io.ErrUnexpectedEOF)
}

func TestASetRouteIsTakenBackByAnEmptyOne(t *testing.T) {
	var s State
	s.Enter(context.Background(), "GET", "r-1")
	s.SetRoute("/a")
	s.SetRoute("/b")
	assert.Equal(t, "/b", s.Route())
	s.SetRoute("")
	assert.Empty(t, s.Route())
	s.SetError(io.EOF)
	assert.Equal(t, io.EOF, s.Reason())
	s.SetError(nil)
	assert.NoError(t, s.Reason())
}
