package query

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

func TestParametersBecomeAQuery(t *testing.T) {
	cursor := encodeCursor(store.Position{Time: 1_752_143_999_123_456_789, Seq: 42})
	for _, row := range []struct {
		raw  string
		want store.Query
	}{
		{"", store.Query{Limit: 100}},
		{
			"level=error&log_type=endpoint&service=shop&environment=prod",
			store.Query{Limit: 100, Level: "error", Type: "endpoint", Service: "shop", Environment: "prod"},
		},
		{"level=&search=&from=&cursor=", store.Query{Limit: 100}},
		{"search=a%20b%25", store.Query{Limit: 100, Search: "a b%"}},
		{"limit=1000&count=true&project_id=7", store.Query{Limit: 1000, Count: true}},
		{"status_class=2xx,4XX&status_class=5xx", store.Query{Limit: 100, StatusClass: []int{2, 4, 5}}},
		{"attr.http.route=/u&attr.x=", store.Query{Limit: 100, Attrs: []store.Attr{{Key: "http.route", Value: "/u"}, {Key: "x"}}}},
		{"from=1752143999&to=2025-07-10T10:40:00.5Z", store.Query{Limit: 100, From: 1_752_143_999e9, To: 1_752_144_000_500_000_000}},
		{"to=0", store.Query{Limit: 100, To: 1}},
		{"cursor=" + cursor, store.Query{Limit: 100, Before: store.Position{Time: 1_752_143_999_123_456_789, Seq: 42}}},
	} {
		t.Run(row.raw, func(t *testing.T) {
			q, err := parseQuery(row.raw)
			require.NoError(t, err)
			assert.ElementsMatch(t, row.want.Attrs, q.Attrs, "parameters have no order")
			q.Attrs, row.want.Attrs = nil, nil
			assert.Equal(t, row.want, q)
		})
	}
}

func TestParametersNotUnderstoodAreNamed(t *testing.T) { // Q1
	for raw, want := range map[string]string{
		"levle=error":                   "parameter levle: unknown",
		"offset=10":                     "parameter offset: unknown",
		"level=fatal":                   "parameter level: not one of debug, info",
		"level=error&level=info":        "parameter level: given more than once",
		"log_type=Endpoint":             "parameter log_type: not one of",
		"limit=0":                       "parameter limit: not a number from 1 to 1000",
		"limit=1001":                    "parameter limit",
		"limit=ten":                     "parameter limit",
		"count=maybe":                   "parameter count",
		"from=yesterday":                "parameter from: neither",
		"to=-5":                         "parameter to: neither",
		"status_class=6xx":              "parameter status_class",
		"status_class=200":              "parameter status_class",
		"cursor=%21":                    "parameter cursor: not a cursor",
		"search=a%00b":                  "parameter search: not text",
		"search=%ff":                    "parameter search: not text",
		"attr.x=%00":                    "parameter attr.x: not text",
		"search=%zz":                    "malformed",
		"a;b":                           "malformed",
		"search=" + longText(201):       "parameter search: longer than 200",
		strings.Repeat("attr.x=1&", 11): "parameter attr.x: more than 10",
	} {
		_, err := parseQuery(raw)
		assert.ErrorContains(t, err, want, raw)
	}
	_, err := parseQuery("search=" + longText(200))
	assert.NoError(t, err)
}

func longText(n int) string { return url.QueryEscape(strings.Repeat("é", n)) }

func TestTimes(t *testing.T) {
	for in, want := range map[string]int64{
		"2025-07-10T10:39:59Z":                1_752_143_999e9,
		"2025-07-10T12:39:59.123456789+02:00": 1_752_143_999_123_456_789,
		"1752143999":                          1_752_143_999e9,
		"1752143999.5":                        1_752_143_999_500_000_000,
		"1752143999.123456789":                1_752_143_999_123_456_789,
		"1752143999123":                       1_752_143_999_123_000_000,
		"1752143999123456":                    1_752_143_999_123_456_000,
		"1752143999123456789":                 1_752_143_999_123_456_789,
		"0":                                   0,
	} {
		got, err := parseTime(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{
		"", "x", "1.", ".5", "1.x", "1.1234567890", "1e9", "-1", "+1.+5", "2025-07-10",
		"9999-01-01T00:00:00Z", "99999999999.5", "9223372036854775808",
	} {
		_, err := parseTime(in)
		assert.Error(t, err, in)
	}
}

func TestCursorIsAPlaceAndNothingElseIsACursor(t *testing.T) { // Q2
	for _, p := range []store.Position{{Time: 1, Seq: 1}, {Time: 1_752_143_999_120_000_000, Seq: 9}, {Time: math.MaxInt64, Seq: math.MaxInt64}} {
		got, err := decodeCursor(encodeCursor(p))
		require.NoError(t, err)
		assert.Equal(t, p, got)
	}
	for _, s := range []string{"x", "!!", "MTIz", "fA", encodeCursor(store.Position{Time: 1})} {
		_, err := decodeCursor(s)
		assert.ErrorIs(t, err, errCursor, s)
	}
}

func FuzzParameters(f *testing.F) {
	f.Add("level=error&from=1&to=2&cursor=eA&attr.a=b&status_class=2xx")
	f.Add("cursor=" + encodeCursor(store.Position{Time: 5, Seq: 6}))
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			return
		}
		assert.GreaterOrEqual(t, q.Limit, 1)
		assert.LessOrEqual(t, q.Limit, maxLimit)
		if q.Before.Seq != 0 {
			again, err := decodeCursor(encodeCursor(q.Before))
			require.NoError(t, err)
			assert.Equal(t, q.Before, again)
		}
	})
}

// found is a store that has one answer.
type found struct {
	page store.Page
	err  error
}

func (f found) Search(ctx context.Context, _ store.Query) (store.Page, error) {
	if errors.Is(f.err, context.DeadlineExceeded) {
		<-ctx.Done()
	}
	return f.page, f.err
}

func (f found) Get(context.Context, string) (record.Record, error) {
	if len(f.page.Records) == 0 {
		return record.Record{}, errors.Join(f.err, store.ErrNotFound)
	}
	return f.page.Records[0], f.err
}

func get(f found, handle func(*Handler, http.ResponseWriter, *http.Request), log io.Writer) (int, string) {
	h := NewHandler(f, slog.New(slog.NewTextHandler(log, nil)))
	w := httptest.NewRecorder()
	handle(h, w, httptest.NewRequest(http.MethodGet, "/api/v1/logs", nil))
	return w.Code, w.Body.String()
}

func TestRecordLooksAsOnThePlatform(t *testing.T) {
	full := record.Record{
		ID: "01a2", Time: 1_752_143_999_123_456_789, Ingested: 1_752_144_000_000_000_000,
		Level: "warning", Type: "endpoint", Importance: "standard", Message: "GET <b>", Service: "shop",
		Endpoint: &record.Endpoint{Method: "GET", Path: "/u/{id}", StatusCode: 404, DurationMS: 12.35},
		TraceID:  "aa", Environment: "prod", SDKVersion: "1",
		Attributes: `{"host":"own","url.query":"a=1","ledger.path_params":"{\"id\":\"7\"}","ledger.response_body":"{}","span_id":"mine"}`,
		SpanID:     "bb", Resource: &record.Resource{Attributes: `{"host":"res","service.name":"shop"}`}, Resends: 2,
	}
	bare := record.Record{
		ID: "b", Time: 1, Ingested: 1, Level: "info", Type: "custom", Importance: "low", Service: "s",
		Attributes: `{}`, Resource: &record.Resource{Attributes: `{}`},
	}
	total := int64(5)
	f := found{page: store.Page{Records: []record.Record{full, bare}, Next: store.Position{Time: 1, Seq: 3}, Total: &total}}
	code, body := get(f, (*Handler).Search, io.Discard)
	assert.Equal(t, 200, code)
	assert.JSONEq(t, `{"logs":[{
		"id":"01a2","timestamp":"2025-07-10T10:39:59.123456789Z","ingested_at":"2025-07-10T10:40:00Z",
		"level":"warning","log_type":"endpoint","importance":"standard","service_name":"shop","environment":"prod",
		"release":null,"message":"GET <b>","error_type":null,"error_message":null,"stack_trace":null,
		"method":"GET","path":"/u/{id}","status_code":404,"duration_ms":12.35,"trace_id":"aa","span_id":"bb",
		"sdk_version":"1","platform":null,"platform_version":null,"resends":2,
		"attributes":{"host":"own","service.name":"shop","url.query":"a=1","ledger.path_params":"{\"id\":\"7\"}",
			"ledger.response_body":"{}","trace_id":"aa","span_id":"mine",
			"endpoint":{"method":"GET","path":"/u/{id}","status_code":404,"duration_ms":12.35,
				"query_params":"a=1","path_params":{"id":"7"},"response_body":"{}"}},
		"resource":{"host":"res","service.name":"shop"}
	},{
		"id":"b","timestamp":"1970-01-01T00:00:00.000000001Z","ingested_at":"1970-01-01T00:00:00.000000001Z",
		"level":"info","log_type":"custom","importance":"low","service_name":"s","environment":null,"release":null,
		"message":"","error_type":null,"error_message":null,"stack_trace":null,"method":null,"path":null,
		"status_code":null,"duration_ms":null,"trace_id":null,"span_id":null,"sdk_version":null,"platform":null,
		"platform_version":null,"resends":0,"attributes":{},"resource":{}
	}],"total":5,"has_more":true,"next_cursor":"`+encodeCursor(f.page.Next)+`"}`, body)
	assert.NotContains(t, body, "<b>", "markup in a record stays harmless in a browser")

	code, body = get(f, (*Handler).Get, io.Discard)
	assert.Equal(t, 200, code)
	var one struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(body), &one))
	assert.Equal(t, "01a2", one.ID)
}

func TestNothingFoundIsAnEmptyListOrNotFound(t *testing.T) {
	code, body := get(found{}, (*Handler).Search, io.Discard)
	assert.Equal(t, 200, code)
	assert.JSONEq(t, `{"logs":[],"total":null,"has_more":false,"next_cursor":null}`, body)

	code, body = get(found{}, (*Handler).Get, io.Discard)
	assert.Equal(t, 404, code)
	assert.JSONEq(t, `{"detail":"no log with this id"}`, body)
}

func TestFailuresOfTheStoreGoToTheLogOnly(t *testing.T) { // Q3
	var log strings.Builder
	code, body := get(found{err: errors.New("disk I/O error in table logs")}, (*Handler).Search, &log)
	assert.Equal(t, 500, code)
	assert.JSONEq(t, `{"detail":"the query failed"}`, body)
	assert.Contains(t, log.String(), "disk I/O error")
}

func TestLongQueryIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, body := get(found{err: context.DeadlineExceeded}, (*Handler).Search, io.Discard)
		assert.Equal(t, 503, code)
		assert.Contains(t, body, "longer than 30s")
	})
}
