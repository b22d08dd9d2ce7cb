package ledger_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// scrape asks for the metrics as Prometheus does, checks their form, and returns them
// by name and label.
func scrape(t *testing.T, c *ledger.Client) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	c.MetricsHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
	line := regexp.MustCompile(`^(ledger_[a-z_]+)(\{[a-z]+="[a-z_]+"(?:,[a-z]+="[a-z_]+")?\})? ([0-9.]+)$`)
	got, kinds := map[string]float64{}, map[string]string{}
	var helped string
	for text := range strings.Lines(w.Body.String()) {
		text = strings.TrimSuffix(text, "\n")
		words := strings.Fields(text)
		switch {
		case strings.HasPrefix(text, "# HELP "):
			helped = words[2]
			require.Greater(t, len(words), 4, text)
			require.NotContains(t, kinds, helped, "one family, one place")
		case strings.HasPrefix(text, "# TYPE "):
			require.Equal(t, helped, words[2])
			kinds[helped] = words[3]
		default:
			parts := line.FindStringSubmatch(text)
			require.NotNil(t, parts, text)
			require.Equal(t, helped, parts[1])
			require.Equal(t, strings.HasSuffix(helped, "_total"), kinds[helped] == "counter", "%s is a %s", helped, kinds[helped])
			v, err := strconv.ParseFloat(parts[3], 64)
			require.NoError(t, err)
			require.NotContains(t, got, parts[1]+parts[2])
			got[parts[1]+parts[2]] = v
		}
	}
	return got
}

func TestMetricsBalance_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.MaxRecords = 50
	srv.answer(http.StatusServiceUnavailable)
	c := open(t, cfg)
	logN(t, c, 1, 80)
	require.NoError(t, c.Sync(t.Context()))
	srv.awaitRequests(t, 2) // What was on its way when it was evicted would be delivered after all.
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))

	m := scrape(t, c)
	of := func(outcome string) float64 {
		return m[`ledger_records_total{destination="default",outcome="`+outcome+`"}`]
	}
	assert.Equal(t, 80.0, of("accepted"))
	assert.Positive(t, of("delivered"))
	assert.Positive(t, of("evicted"))
	assert.Equal(t, of("accepted"), of("delivered")+of("dead")+of("evicted")+of("lost")+m[`ledger_pending_records{destination="default"}`])
	assert.Equal(t, of("evicted"), m[`ledger_records_given_up_total{destination="default",reason="queue_full"}`])
	assert.Equal(t, 50.0, m["ledger_pending_records_limit"])
	assert.Positive(t, m[`ledger_requests_total{destination="default"}`])
	assert.Zero(t, m[`ledger_oldest_pending_age_seconds{destination="default"}`])
	assert.Equal(t, 1.0, m[`ledger_health{status="failing"}`], "records were given up a moment ago")
	assert.Zero(t, m[`ledger_health{status="ok"}`])

	require.NoError(t, c.Close())
	assert.Equal(t, 80.0, scrape(t, c)[`ledger_records_total{destination="default",outcome="accepted"}`], "after Close too")
}

func TestMetricsOfWhatWaits(t *testing.T) {
	c := open(t, config(t, "http://127.0.0.1:1"))
	logN(t, c, 1, 7)
	require.NoError(t, c.Sync(t.Context()))
	require.Eventually(t, func() bool { return scrape(t, c)[`ledger_oldest_pending_age_seconds{destination="default"}`] > 0 }, patience, time.Millisecond)
	m := scrape(t, c)
	assert.Equal(t, 7.0, m[`ledger_pending_records{destination="default"}`])
	assert.Positive(t, m[`ledger_pending_bytes{destination="default"}`])
	assert.Positive(t, m["ledger_disk_bytes"])
	assert.Equal(t, 1.0, m["ledger_disk_segments"])
}

func TestHealthHandlerIs503OnlyWhileRecordsAreLost(t *testing.T) {
	ask := func(c *ledger.Client) (int, string) {
		w := httptest.NewRecorder()
		c.HealthHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		return w.Code, w.Body.String()
	}
	srv := newCollector(t)
	srv.answer(http.StatusUnauthorized)
	cfg := config(t, srv.URL)
	cfg.MaxRecords = 10
	c := open(t, cfg)
	logN(t, c, 1, 3)
	require.Eventually(t, func() bool { return c.Health().Status == ledger.StatusFailing }, patience, time.Millisecond)
	code, body := ask(c)
	assert.Equal(t, http.StatusOK, code, "delivery is on hold, and everything is kept: %s", body)
	assert.Contains(t, body, `"status":"failing"`)

	logN(t, c, 2, 20)
	code, body = ask(c)
	assert.Equal(t, http.StatusServiceUnavailable, code, "%s", body)
	assert.Contains(t, body, "given up")
}

// The rules and the dashboard in docs speak of metrics that there are.
func TestMonitoringNamesMetricsThatExist(t *testing.T) {
	known := map[string]bool{}
	for name := range scrape(t, open(t, config(t, "http://127.0.0.1:1"))) {
		name, _, _ = strings.Cut(name, "{")
		known[name] = true
	}
	for _, file := range []string{"alerts.yml", "grafana.json"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", "monitoring", file))
		require.NoError(t, err)
		names := regexp.MustCompile(`\bledger_[a-z_]+`).FindAllString(string(text), -1)
		assert.Greater(t, len(names), 4, file)
		for _, name := range names {
			assert.True(t, known[name], "%s: %s", file, name)
		}
		if strings.HasSuffix(file, ".json") {
			assert.True(t, json.Valid(text), file)
		}
	}
}
