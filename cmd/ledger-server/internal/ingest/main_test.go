package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is what the clock of every test shows.
var now = time.Date(2026, 7, 10, 10, 40, 0, 0, time.UTC)

// memory is a store that keeps what it gets, or fails with err.
type memory struct {
	mu      sync.Mutex
	records []record.Record
	calls   int
	err     error
}

func (m *memory) Append(_ context.Context, records []record.Record) (store.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.err != nil {
		return store.Appended{}, m.err
	}
	m.records = append(m.records, records...)
	return store.Appended{Stored: len(records)}, nil
}

func newTest(c Config) (*Handler, *memory) {
	m := &memory{}
	if c.Store == nil {
		c.Store = m
	}
	c.Now = func() time.Time { return now }
	return NewHandler(c), m
}

// one makes a request of one record, changed by what a test is about.
func one(changes ...func(plog.ResourceLogs, plog.LogRecord)) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	lr := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.SetTimestamp(1_752_143_999_123_456_789)
	lr.SetSeverityNumber(plog.SeverityNumberInfo)
	lr.Body().SetStr("hello")
	lr.Attributes().PutStr("ledger.log_id", "id-1")
	for _, change := range changes {
		change(rl, lr)
	}
	return logs
}

// attr is a change of one: the record has this attribute.
func attr(name string, value any) func(plog.ResourceLogs, plog.LogRecord) {
	return func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if err := lr.Attributes().PutEmpty(name).FromRaw(value); err != nil {
			panic(err)
		}
	}
}

// with is a change of one to the record itself.
func with(change func(plog.LogRecord)) func(plog.ResourceLogs, plog.LogRecord) {
	return func(_ plog.ResourceLogs, lr plog.LogRecord) { change(lr) }
}

// many makes a request of n records.
func many(n int) plog.Logs {
	logs := one()
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for range n - 1 {
		records.AppendEmpty().Body().SetStr("more")
	}
	return logs
}

func marshal(t testing.TB, m media, logs plog.Logs) []byte {
	t.Helper()
	req := plogotlp.NewExportRequestFromLogs(logs)
	body, err := req.MarshalProto()
	if m == jsonText {
		body, err = req.MarshalJSON()
	}
	require.NoError(t, err)
	return body
}

func zip(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(body)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// post sends body to h. Headers come in pairs, and one that is empty is left out.
func post(h http.Handler, m media, body io.Reader, headers ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "/v1/logs", body)
	r.Header.Set("Content-Type", string(m))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func postLogs(t testing.TB, h http.Handler, m media, logs plog.Logs) *http.Response {
	t.Helper()
	return post(h, m, bytes.NewReader(marshal(t, m, logs)))
}

func bodyOf(t testing.TB, resp *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return b
}

// statusOf reads a google.rpc.Status in the encoding that the answer names.
func statusOf(t testing.TB, resp *http.Response) (code int, message string) {
	t.Helper()
	body := bodyOf(t, resp)
	if resp.Header.Get("Content-Type") == string(jsonText) {
		var s struct {
			Code    int
			Message string
		}
		require.NoError(t, json.Unmarshal(body, &s))
		return s.Code, s.Message
	}
	for len(body) > 0 {
		field, _, n := protowire.ConsumeTag(body)
		require.Positive(t, n)
		body = body[n:]
		switch field {
		case 1:
			v, n := protowire.ConsumeVarint(body)
			require.Positive(t, n)
			code, body = int(v), body[n:]
		case 2:
			v, n := protowire.ConsumeString(body)
			require.Positive(t, n)
			message, body = v, body[n:]
		default:
			t.Fatalf("field %d", field)
		}
	}
	return code, message
}

// partialOf reads the partial_success of an answer.
func partialOf(t testing.TB, resp *http.Response) plogotlp.ExportPartialSuccess {
	t.Helper()
	out := plogotlp.NewExportResponse()
	if resp.Header.Get("Content-Type") == string(jsonText) {
		require.NoError(t, out.UnmarshalJSON(bodyOf(t, resp)))
	} else {
		require.NoError(t, out.UnmarshalProto(bodyOf(t, resp)))
	}
	return out.PartialSuccess()
}
