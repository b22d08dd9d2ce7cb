package ingest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// rich has something of every kind a record can have.
func rich() plog.Logs {
	return one(
		func(rl plog.ResourceLogs, _ plog.LogRecord) {
			rl.Resource().Attributes().PutStr("service.version", "1.2")
			rl.Resource().Attributes().PutStr("deployment.environment.name", "prod")
		},
		with(func(lr plog.LogRecord) {
			lr.SetTraceID(pcommon.TraceID{0xab, 15: 0xcd})
			lr.SetSpanID(pcommon.SpanID{0x12, 7: 0x34})
			lr.SetSeverityText("INFO")
			lr.Body().SetStr("GET /u/{id} \"quoted\" é \U0001F600 \n <b>")
		}),
		attr("http.request.method", "GET"), attr("http.route", "/u/{id}"),
		attr("http.response.status_code", 404), attr("ledger.duration_ms", 12.35),
		attr("list", []any{"a", int64(1), 2.5, true, nil, map[string]any{"k": "v"}}),
		attr("bytes", []byte{1, 2, 255}), attr("large", int64(9_007_199_254_740_993)),
	)
}

func TestEveryEncodingStoresTheSameRecord(t *testing.T) {
	var first []record.Record
	for _, m := range []media{protobuf, jsonText} {
		for _, compressed := range []bool{false, true} {
			t.Run(fmt.Sprint(m, " compressed ", compressed), func(t *testing.T) {
				h, st := newTest(Config{})
				body, headers := marshal(t, m, rich()), []string{}
				if compressed {
					body, headers = zip(t, body), []string{"Content-Encoding", "gzip"}
				}
				resp := post(h, m, bytes.NewReader(body), headers...)
				require.Equal(t, http.StatusOK, resp.StatusCode)
				assert.Equal(t, string(m), resp.Header.Get("Content-Type"))
				if first == nil {
					first = st.records
				}
				assert.Equal(t, first, st.records)
			})
		}
	}
	require.Len(t, first, 1)
	assert.Equal(t, record.Record{
		ID: "id-1", Time: 1_752_143_999_123_456_789, Ingested: now.UnixNano(),
		Level: "info", Type: "endpoint", Importance: "standard",
		Message:  "GET /u/{id} \"quoted\" é \U0001F600 \n <b>",
		Endpoint: &record.Endpoint{Method: "GET", Path: "/u/{id}", StatusCode: 404, DurationMS: 12.35},
		Service:  "shop", Environment: "prod", Release: "1.2",
		TraceID: "ab0000000000000000000000000000cd", SpanID: "1200000000000034",
		Attributes: `{"bytes":"AQL/","http.request.method":"GET","http.response.status_code":404,` +
			`"http.route":"/u/{id}","large":9007199254740993,"ledger.duration_ms":12.35,"ledger.log_id":"id-1",` +
			`"list":["a",1,2.5,true,null,{"k":"v"}]}`,
		Resource: &record.Resource{Attributes: `{"deployment.environment.name":"prod","service.name":"shop","service.version":"1.2"}`},
	}, first[0])
}

func TestOTLPJSONAsWrittenByHand(t *testing.T) {
	h, st := newTest(Config{})
	resp := post(h, jsonText, strings.NewReader(`{
		"futureField": {"nested": [1, {"deep": null}]},
		"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
		"scopeLogs": [{"scope": {"name": "s"}, "logRecords": [{
			"timeUnixNano": "1752143999123456789", "severityNumber": 13, "severityText": "WARN", "unknown": 1,
			"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174",
			"body": {"stringValue": "m \u00e9 \ud83d\ude00"},
			"attributes": [
				{"key": "ledger.log_id", "value": {"stringValue": "01a2"}},
				{"key": "n", "value": {"intValue": "404"}}, {"key": "m", "value": {"intValue": 404}}]}]}]}]}`),
		"Content-Type", "application/json; charset=utf-8")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, `{}`, string(bodyOf(t, resp)))
	require.Len(t, st.records, 1)
	r := st.records[0]
	assert.Equal(t, "5b8efff798038103d269b633813fc60c", r.TraceID)
	assert.Equal(t, "eee19b7ec3c1b174", r.SpanID)
	assert.Equal(t, "warning", r.Level)
	assert.Equal(t, "m é \U0001F600", r.Message)
	assert.Equal(t, "01a2", r.ID)
	assert.Equal(t, `{"ledger.log_id":"01a2","m":404,"n":404}`, r.Attributes)
}

func TestFullSuccessLeavesPartialSuccessUnset(t *testing.T) { // I2
	for m, want := range map[media]string{protobuf: "", jsonText: "{}"} {
		h, _ := newTest(Config{})
		resp := postLogs(t, h, m, one())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Equal(t, want, string(bodyOf(t, resp)))
	}
}

func TestRejectedRecordsAreCountedAndTheOthersStored(t *testing.T) { // I2
	for _, m := range []media{protobuf, jsonText} {
		t.Run(string(m), func(t *testing.T) {
			h, st := newTest(Config{})
			logs := many(12)
			records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
			for i := 2; i < 10; i++ {
				records.At(i).Body().SetStr("secret\x00text")
			}
			resp := postLogs(t, h, m, logs)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			partial := partialOf(t, resp)
			assert.EqualValues(t, 8, partial.RejectedLogRecords())
			assert.Equal(t, "Log 2: body: text with a NUL character; Log 3: body: text with a NUL character; "+
				"Log 4: body: text with a NUL character; Log 5: body: text with a NUL character; "+
				"Log 6: body: text with a NUL character; and 3 more", partial.ErrorMessage(), "positions and reasons only (I6)")
			assert.Len(t, st.records, 4)
			assert.EqualValues(t, 8, h.Rejected())
		})
	}
}

func TestRejectedCountIsTextInJSON(t *testing.T) {
	h, _ := newTest(Config{})
	resp := postLogs(t, h, jsonText, one(attr("x", "\x00")))
	assert.JSONEq(t, `{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"Log 0: attributes: text with a NUL character"}}`,
		string(bodyOf(t, resp)))
}

func TestNothingToStoreDoesNotTroubleTheStore(t *testing.T) {
	for name, logs := range map[string]plog.Logs{"empty": plog.NewLogs(), "all rejected": one(attr("x", "\x00"))} {
		for _, m := range []media{protobuf, jsonText} {
			h, st := newTest(Config{})
			assert.Equal(t, http.StatusOK, postLogs(t, h, m, logs).StatusCode, name)
			assert.Zero(t, st.calls, name)
		}
	}
	h, _ := newTest(Config{})
	assert.Equal(t, http.StatusOK, post(h, protobuf, http.NoBody).StatusCode)
}

func TestAFullBatchIsTaken(t *testing.T) {
	for _, m := range []media{protobuf, jsonText} {
		h, st := newTest(Config{})
		require.Equal(t, http.StatusOK, postLogs(t, h, m, many(record.MaxBatch)).StatusCode)
		require.Len(t, st.records, record.MaxBatch)
		ids := map[string]bool{}
		for _, r := range st.records {
			ids[r.ID] = true
		}
		assert.Len(t, ids, record.MaxBatch, "equal records without time and ID are told apart")
	}
}
