package ledgerotel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is a record as the server got it.
type arrival struct {
	otlp.DecodedRecord
	attrs, resource map[string]any
}

// server is a log server without a network.
type server struct {
	mu       sync.Mutex
	down     bool
	requests int
	arrived  []arrival
	// during is called with each request's context.
	during func(context.Context)
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.during != nil {
		s.during(req.Context())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer req.Body.Close()
	s.requests++
	if s.down {
		return nil, errors.New("connection refused")
	}
	got, err := logserver.Decode(req)
	if err != nil {
		return nil, err
	}
	for _, res := range got.Resources {
		resource := logserver.Values(res.Resource)
		for _, scope := range res.Scopes {
			for _, rec := range scope.Records {
				s.arrived = append(s.arrived, arrival{rec, logserver.Values(rec.Attrs), resource})
			}
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req, Body: io.NopCloser(&bytes.Buffer{})}, nil
}

func (s *server) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// config is that of a client of s.
func (s *server) config(t testing.TB) ledger.Config {
	t.Helper()
	return ledger.Config{
		Dir: filepath.Join(form.Scratch(t), "ledger"), Endpoint: "http://logs.test", ServiceName: "shop",
		HTTPClient: &http.Client{Transport: s}, RingBytes: 1 << 20,
	}
}

func open(t testing.TB, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rig is the official SDK with our processor, a client and its server.
type rig struct {
	server   server
	client   *ledger.Client
	dir      string
	provider *sdklog.LoggerProvider
	log      log.Logger
}

func newRig(t testing.TB, opts ...sdklog.LoggerProviderOption) *rig {
	t.Helper()
	r := &rig{}
	cfg := r.server.config(t)
	r.client, r.dir = open(t, cfg), cfg.Dir
	return r.provide(append(opts, sdklog.WithProcessor(ledgerotel.NewProcessor(r.client)))...)
}

func (r *rig) provide(opts ...sdklog.LoggerProviderOption) *rig {
	r.provider = sdklog.NewLoggerProvider(opts...)
	r.log = r.provider.Logger("shop/cart", log.WithInstrumentationVersion("1.2.3"))
	return r
}

// arrived delivers what was logged and returns it.
func (r *rig) arrived(t testing.TB) []arrival {
	t.Helper()
	require.NoError(t, r.client.Flush(within(t)))
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.server.arrived
}

// one delivers what was logged and returns the last of it.
func (r *rig) one(t testing.TB) arrival {
	t.Helper()
	all := r.arrived(t)
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

// emit emits a record that edit fills in.
func (r *rig) emit(ctx context.Context, edit func(*log.Record)) {
	var rec log.Record
	edit(&rec)
	r.log.Emit(ctx, rec)
}

func (r *rig) say(ctx context.Context, format string, args ...any) {
	r.emit(ctx, func(rec *log.Record) {
		rec.SetSeverity(log.SeverityInfo)
		rec.SetBody(attribute.StringValue(fmt.Sprintf(format, args...)))
	})
}

// within returns a context for what must not take long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// shortly returns a context that ends soon.
func shortly(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
