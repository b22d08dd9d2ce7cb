package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A client talks to a server over TCP.
type client struct {
	t    *testing.T
	base string
	http *http.Client
}

// start starts a server on a fresh store; both end with the test.
func start(t *testing.T, change func(*Config)) client {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "logs.db"), store.Options{})
	require.NoError(t, err)
	c := Config{Store: st, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	srv := httptest.NewServer(New(c))
	t.Cleanup(func() {
		srv.Close()
		require.NoError(t, st.Close())
	})
	return client{t, srv.URL, srv.Client()}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request. Headers come in pairs.
func (c client) do(method, path string, body []byte, headers ...string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, bytes.NewReader(body))
	require.NoError(c.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	resp, err := c.http.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func (c client) get(path string, v any) {
	c.t.Helper()
	a := c.do("GET", path, nil)
	require.Equal(c.t, 200, a.status, a.body)
	require.NoError(c.t, json.Unmarshal([]byte(a.body), v))
}

func (c client) ingest(body []byte) answer {
	c.t.Helper()
	return c.do("POST", "/v1/logs", body, "Content-Type", "application/x-protobuf")
}

// logs makes a request of records with these numbers.
func logs(t *testing.T, numbers ...int) []byte {
	t.Helper()
	l := plog.NewLogs()
	rl := l.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, n := range numbers {
		lr := records.AppendEmpty()
		lr.SetTimestamp(1_752_143_999_000_000_000)
		lr.Body().SetStr(fmt.Sprintf("line %d", n))
		lr.Attributes().PutStr("ledger.log_id", fmt.Sprintf("id/%d", n))
		lr.Attributes().PutInt("n", int64(n))
	}
	body, err := plogotlp.NewExportRequestFromLogs(l).MarshalProto()
	require.NoError(t, err)
	return body
}

type page struct {
	Logs       []struct{ ID, Message string }
	Total      *int
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
}

func TestRecordThatWasTakenIsFound(t *testing.T) {
	c := start(t, nil)
	require.Equal(t, 200, c.ingest(logs(t, 1, 2, 3)).status)
	assert.Equal(t, 200, c.do("POST", "/otlp/v1/logs", logs(t, 3, 4), "Content-Type", "application/x-protobuf").status)

	var p page
	c.get("/api/v1/logs?search=LINE&service=shop&attr.n=2&count=true", &p)
	require.Len(t, p.Logs, 1)
	assert.Equal(t, "line 2", p.Logs[0].Message)
	assert.Equal(t, 1, *p.Total)

	var one struct {
		ID      string
		Resends int
	}
	c.get("/api/v1/logs/"+url.PathEscape("id/3"), &one)
	assert.Equal(t, "id/3", one.ID)
	assert.Equal(t, 1, one.Resends)
}

func TestCursorLeadsThroughEveryRecordOnceWhileMoreArrive(t *testing.T) {
	c := start(t, nil)
	c.ingest(logs(t, 1, 2, 3, 4, 5, 6, 7)) // all at the same instant
	seen := map[string]int{}
	path := "/api/v1/logs?limit=3"
	for more := 100; ; more++ {
		var p page
		c.get(path, &p)
		for _, l := range p.Logs {
			seen[l.ID]++
		}
		assert.Equal(t, p.HasMore, p.NextCursor != nil)
		if !p.HasMore {
			break
		}
		path = "/api/v1/logs?limit=3&cursor=" + url.QueryEscape(*p.NextCursor)
		c.ingest(logs(t, more))
	}
	for n := 1; n <= 7; n++ {
		assert.Equal(t, 1, seen[fmt.Sprintf("id/%d", n)])
	}
}

func TestStats(t *testing.T) {
	at := time.Date(2026, 7, 10, 0, 0, 0, 0, time.UTC)
	c := start(t, func(c *Config) { c.Now = func() time.Time { return at } })
	c.ingest(logs(t, 1, 2))
	c.ingest(logs(t, 2, 3))
	c.ingest([]byte("x"))
	c.do("GET", "/nowhere", nil)
	var s struct {
		Records, Duplicates, Rejected int
		DBBytes                       int       `json:"db_bytes"`
		StartedAt                     time.Time `json:"started_at"`
		Requests                      map[string]int
	}
	c.get("/api/v1/stats", &s)
	assert.Equal(t, 3, s.Records)
	assert.Equal(t, 1, s.Duplicates)
	assert.Zero(t, s.Rejected)
	assert.Positive(t, s.DBBytes)
	assert.Equal(t, at, s.StartedAt)
	assert.Equal(t, map[string]int{"200": 2, "400": 1, "404": 1}, s.Requests, "its own answer is not counted yet")
}

func TestHealthNeedsNoKeyAndTellsWhetherTheStoreWorks(t *testing.T) {
	var st *store.Store
	c := start(t, func(c *Config) { c.Keys, st = keys(t, "k"), c.Store })
	for _, path := range []string{"/livez", "/readyz"} {
		a := c.do("GET", path, nil)
		assert.Equal(t, 200, a.status, path)
		assert.JSONEq(t, `{"status":"ok"}`, a.body)
		assert.Equal(t, 200, c.do("HEAD", path, nil).status, path)
		assert.Equal(t, 405, c.do("POST", path, nil).status, path)
	}
	require.NoError(t, st.Close())
	assert.Equal(t, 200, c.do("GET", "/livez", nil).status)
	assert.Equal(t, 503, c.do("GET", "/readyz", nil).status)
}

func TestRefusalsSpeakTheFormOfTheirRoute(t *testing.T) { // A4
	c := start(t, func(c *Config) { c.Keys = keys(t, "k") })
	for _, row := range []struct {
		method, path, contentType string
		key                       string
		status                    int
		header, value, body       string
	}{
		{"POST", "/v1/logs", "application/json", "", 401, "WWW-Authenticate", `Bearer realm="ledger-server"`, `{"code":16,"message":"no valid API key"}`},
		{"POST", "/otlp/v1/logs", "application/x-protobuf", "wrong", 401, "Content-Type", "application/x-protobuf", "\x08\x10\x12\x10no valid API key"},
		{"GET", "/v1/logs", "application/json", "k", 405, "Allow", "POST", `{"code":12,"message":"only POST"}`},
		{"GET", "/api/v1/logs", "", "", 401, "WWW-Authenticate", `Bearer realm="ledger-server"`, `{"detail":"no valid API key"}`},
		{"GET", "/api/v1/logs/x", "", "", 401, "", "", `{"detail":"no valid API key"}`},
		{"GET", "/api/v1/stats", "", "wrong", 401, "", "", `{"detail":"no valid API key"}`},
		{"DELETE", "/api/v1/logs", "", "k", 405, "Allow", "GET", `{"detail":"only GET"}`},
		{"GET", "/api/v1/logs?limit=0", "", "k", 400, "Content-Type", "application/json", `{"detail":"parameter limit: not a number from 1 to 1000"}`},
		{"GET", "/api/v1/logs/none", "", "k", 404, "", "", `{"detail":"no log with this id"}`},
		{"GET", "/v1/traces", "", "k", 404, "", "", `{"detail":"no such route"}`},
		{"GET", "/", "", "", 404, "", "", `{"detail":"no such route"}`},
	} {
		t.Run(fmt.Sprint(row.method, row.path, row.status), func(t *testing.T) {
			headers := []string{"Content-Type", row.contentType}
			if row.key != "" {
				headers = append(headers, "X-API-Key", row.key)
			}
			a := c.do(row.method, row.path, nil, headers...)
			assert.Equal(t, row.status, a.status)
			assert.Equal(t, row.body, strings.TrimSpace(a.body))
			if row.header != "" {
				assert.Equal(t, row.value, a.header.Get(row.header))
			}
		})
	}
}

func TestRateLimitIsPerKeyAndEndsWithTheMinute(t *testing.T) {
	now := time.Unix(1_752_143_999-1_752_143_999%60+20, 0) // 20 s into a minute
	c := start(t, func(c *Config) {
		c.Keys, c.RequestsPerMinute, c.Now = keys(t, "a", "b"), 2, func() time.Time { return now }
	})
	ask := func(key string) answer {
		return c.do("POST", "/v1/logs", nil, "Content-Type", "application/json", "X-API-Key", key)
	}
	for range 2 {
		a := ask("a")
		assert.NotEqual(t, 429, a.status)
		assert.Equal(t, "2", a.header.Get("X-RateLimit-Limit-Minute"))
		assert.Equal(t, "120", a.header.Get("X-RateLimit-Limit-Hour"))
	}
	a := ask("a")
	assert.Equal(t, 429, a.status)
	assert.Equal(t, "40", a.header.Get("Retry-After"))
	assert.Equal(t, "2", a.header.Get("X-RateLimit-Limit-Minute"))
	assert.Equal(t, "120", a.header.Get("X-RateLimit-Limit-Hour"))
	assert.Equal(t, "0", a.header.Get("X-RateLimit-Remaining-Minute"))
	assert.JSONEq(t, `{"code":8,"message":"too many requests this minute"}`, a.body)
	assert.Equal(t, 429, c.do("GET", "/api/v1/stats", nil, "X-API-Key", "a").status, "all routes count together")
	assert.NotEqual(t, 429, ask("b").status, "the other key has its own")

	now = now.Add(40 * time.Second)
	assert.NotEqual(t, 429, ask("a").status)
}

func TestWithoutALimitNoneIsAnnounced(t *testing.T) {
	c := start(t, nil)
	assert.Empty(t, c.do("GET", "/api/v1/stats", nil).header.Get("X-RateLimit-Limit-Minute"))
}

func TestOpenServerAnswersOnlyToLocalNames(t *testing.T) { // A3
	c := start(t, func(c *Config) { c.LocalOnly = true })
	assert.Equal(t, 200, c.do("GET", "/api/v1/logs", nil).status)
	assert.Equal(t, 200, c.do("GET", "/api/v1/logs", nil, "Host", "localhost:4318").status)
	for _, path := range []string{"/api/v1/logs", "/api/v1/logs/x", "/api/v1/stats", "/v1/logs", "/otlp/v1/logs"} {
		assert.Equal(t, 403, c.do("GET", path, nil, "Host", "evil.example:4318").status, path)
	}
	far := start(t, nil)
	assert.Equal(t, 200, far.do("GET", "/api/v1/logs", nil, "Host", "ledger.example").status)
}

func TestServerHoldsTheLimitsItIsGiven(t *testing.T) {
	c := start(t, func(c *Config) { c.MaxBody = 10 })
	assert.Equal(t, 413, c.ingest(logs(t, 1)).status)
}
