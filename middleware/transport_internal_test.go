package middleware

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// tried is a Timeout that says no.
type tried struct{ error }

func (tried) Timeout() bool { return false }

func TestKindsOfErrors(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{refused, "connection_refused"},
		{fmt.Errorf("dial: %w", net.UnknownNetworkError("n")), "net.UnknownNetworkError"},
		{fmt.Errorf("proxyconnect: %w", refused), "connection_refused"},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "connection_reset"},
		{&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, "connection_reset"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "shop.invalid", IsNotFound: true}}, "name_resolution_error"},
		{&net.DNSError{Err: "i/o timeout", IsTimeout: true}, "timeout"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "timeout"},
		{fmt.Errorf("hook: %w", context.DeadlineExceeded), "timeout"},
		{&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, "server_certificate_invalid"},
		{io.EOF, "unexpected_eof"},
		{fmt.Errorf("body: %w", io.ErrUnexpectedEOF), "unexpected_eof"},
		{tried{errors.New("odd")}, "middleware.tried"},
		{context.Canceled, "error"}, // by base, not by the caller
		{nil, "no_response"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop/", http.NoBody)
		require.NoError(t, err)
		assert.Equal(t, tt.want, errorKind(req, tt.err), "%v", tt.err)
	}
}

func TestWhoGaveUp(t *testing.T) {
	refused := syscall.ECONNREFUSED
	closed := make(chan struct{})
	close(closed)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	overAndCanceled, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		cancel chan struct{}
		want   string
	}{
		{"nobody", t.Context(), nil, "connection_refused"},
		{"nobody yet", t.Context(), make(chan struct{}), "connection_refused"},
		{"the context", canceled, nil, "canceled"},
		{"the context, before its deadline", overAndCanceled, nil, "canceled"},
		{"the channel", t.Context(), closed, "canceled"},
		{"the deadline", over, nil, "timeout"},
		{"the deadline, by the channel", over, closed, "timeout"}, // as http.Client does it
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(tt.ctx, http.MethodGet, "http://shop/", http.NoBody)
			require.NoError(t, err)
			req.Cancel = tt.cancel //nolint:staticcheck // Deprecated, and still in use.
			assert.Equal(t, tt.want, errorKind(req, refused))
		})
	}
}

// brittle is an error whose methods break when they are asked.
type brittle struct{}

func (brittle) Error() string { panic("text") }
func (brittle) Is(error) bool { panic("is") }
func (brittle) Timeout() bool { panic("timeout") }

func TestAnErrorThatBreaksDoesNotReachTheCall_M4(t *testing.T) {
	c := &lastRecord{}
	base := &fails{brittle{}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop/", http.NoBody)
	require.NoError(t, err)
	require.NotPanics(t, func() { _, err = newTransport(c, base).RoundTrip(req) })
	assert.Equal(t, brittle{}, err)
	assert.Equal(t, "GET shop middleware.brittle", c.Message)
}

// fails is a base that sends nothing.
type fails struct{ err error }

func (f *fails) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

type slowBase struct{}

func (slowBase) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: io.NopCloser(slowBase{})}, nil
}

func (slowBase) Read([]byte) (int, error) {
	time.Sleep(500 * time.Millisecond)
	return 0, io.EOF
}

func TestTheDurationOfACallIsThatOfAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &lastRecord{}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop/", http.NoBody)
		require.NoError(t, err)
		resp, err := newTransport(c, slowBase{}).RoundTrip(req)
		require.NoError(t, err)
		time.Sleep(time.Minute / 4)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		time.Sleep(time.Hour) // between the end and the Close
		require.NoError(t, resp.Body.Close())

		var seconds, ms any
		for _, a := range c.Attrs {
			switch a.Key {
			case "http.client.request.duration":
				seconds = a.Value.Any()
			case "ledger.duration_ms":
				ms = a.Value.Any()
			}
		}
		assert.Equal(t, 16.5, seconds)
		assert.Equal(t, 16500.0, ms)
		assert.True(t, c.Time.Equal(time.Now().Add(-time.Hour)), "the record's time is the end of the call")
	})
}

// lastRecord keeps the last record. Its context must not end with the call.
type lastRecord struct{ ledger.Record }

func (l *lastRecord) Log(ctx context.Context, r ledger.Record) error {
	l.Record = r
	return ctx.Err()
}

func TestTheRecordOfACanceledCallIsLoggedWithALivingContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://shop/", http.NoBody)
	require.NoError(t, err)
	var got error
	log := loggerFunc(func(ctx context.Context, _ ledger.Record) error { got = ctx.Err(); return nil })
	_, err = newTransport(log, &http.Transport{}).RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, got)
}

type loggerFunc func(context.Context, ledger.Record) error

func (f loggerFunc) Log(ctx context.Context, r ledger.Record) error { return f(ctx, r) }
