package ingest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// FuzzIngest holds the handler against any body: it answers 200, 400 or 413, and
// what it stores is what a store and a reader can rely on (I5). A body that is
// taken means the same in the other encoding.
func FuzzIngest(f *testing.F) {
	for _, logs := range []plog.Logs{
		one(), many(3), rich(), plog.NewLogs(), one(attr("x", "\x00")),
		one(endpoint()...), one(attr("exception.type", "E"), attr("exception.message", "m")),
	} {
		f.Add(marshal(f, protobuf, logs), false, false)
		f.Add(marshal(f, jsonText, logs), true, false)
		f.Add(zip(f, marshal(f, protobuf, logs)), false, true)
	}
	f.Add(nestedProto(30), false, false)
	f.Add(nestedJSON(30), true, false)
	f.Add([]byte(`{"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":[null,{"body":{}}]}]}]}`), true, false)
	f.Add([]byte(`{"resourceLogs":[{"":1}]}`), true, false)
	f.Add([]byte("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"\\ud800\"}}]}]}]}"), true, false)

	f.Fuzz(func(t *testing.T, body []byte, isJSON, compressed bool) {
		m := protobuf
		if isJSON {
			m = jsonText
		}
		var headers []string
		if compressed {
			headers = []string{"Content-Encoding", "gzip"}
		}
		h, st := newTest(Config{MaxBody: 1 << 20})
		resp := post(h, m, bytes.NewReader(body), headers...)
		require.Contains(t, []int{200, 400, 413}, resp.StatusCode)
		assert.Empty(t, h.slots)
		if resp.StatusCode != http.StatusOK {
			code, message := statusOf(t, resp)
			assert.NotZero(t, code)
			assert.NotEmpty(t, message)
			assert.Empty(t, st.records)
			return
		}
		for i := range st.records {
			checkRecord(t, &st.records[i])
		}
		if !compressed {
			checkTranslation(t, body, m, st.records)
		}
	})
}

// checkRecord demands what every record that is stored must be.
func checkRecord(t *testing.T, r *record.Record) {
	t.Helper()
	assert.NotEmpty(t, r.ID)
	assert.False(t, record.Longer(r.ID, record.MaxID))
	assert.True(t, record.IsLevel(r.Level))
	assert.True(t, record.IsType(r.Type))
	assert.True(t, record.IsImportance(r.Importance))
	assert.Positive(t, r.Time)
	assert.LessOrEqual(t, r.Time, now.Add(record.MaxAhead).UnixNano())
	assert.Equal(t, r.Type == record.TypeEndpoint, r.Endpoint != nil)
	assert.True(t, json.Valid([]byte(r.Attributes)), r.Attributes)
	assert.True(t, json.Valid([]byte(r.Resource.Attributes)), r.Resource.Attributes)
	for _, s := range []string{
		r.ID, r.Message, r.ErrorType, r.ErrorMessage, r.StackTrace, r.Service,
		r.Environment, r.Release, r.SDKVersion, r.Platform, r.PlatformVersion, r.Attributes,
	} {
		assert.True(t, utf8.ValidString(s), "%q", s)
		assert.NotContains(t, s, "\x00", "%q", s)
	}
}

// checkTranslation demands that body, written in the other encoding, is the
// same records.
func checkTranslation(t *testing.T, body []byte, m media, want []record.Record) {
	t.Helper()
	logs, err := decode(body, m, &lease{from: newBudget(1 << 40)})
	require.NoError(t, err)
	b := convert(logs, now)
	if b.rejected > 0 {
		return // what JSON has no form for
	}
	other := protobuf
	if m == protobuf {
		other = jsonText
	}
	again, err := decode(marshal(t, other, logs), other, &lease{from: newBudget(1 << 40)})
	require.NoError(t, err)
	got := convert(again, now).accepted
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i], got[i])
	}
}
