package ingest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

type change = func(plog.ResourceLogs, plog.LogRecord)

func resourceAttr(name, value string) change {
	return func(rl plog.ResourceLogs, _ plog.LogRecord) { rl.Resource().Attributes().PutStr(name, value) }
}

// converted returns the one record of a request, and demands that it is accepted.
func converted(t *testing.T, changes ...change) record.Record {
	t.Helper()
	b := convert(one(changes...), now)
	require.Len(t, b.accepted, 1, b.message())
	return b.accepted[0]
}

// endpoint makes a record of a request; more changes can spoil it.
func endpoint(more ...change) []change {
	return append([]change{
		attr("http.request.method", "GET"), attr("http.route", "/u/{id}"),
		attr("http.response.status_code", 200), attr("ledger.duration_ms", 1.5),
	}, more...)
}

func without(name string) change {
	return with(func(lr plog.LogRecord) { lr.Attributes().Remove(name) })
}

func TestLevel(t *testing.T) {
	for _, row := range []struct {
		number plog.SeverityNumber
		text   string
		want   string
	}{
		{1, "", "debug"},
		{8, "", "debug"},
		{9, "", "info"},
		{12, "", "info"},
		{13, "", "warning"},
		{16, "", "warning"},
		{17, "", "error"},
		{20, "", "error"},
		{21, "", "critical"},
		{24, "", "critical"},
		{99, "", "critical"},
		{-1, "", "info"},
		{0, "", "info"},
		{0, "TRACE", "debug"},
		{0, "Debug", "debug"},
		{0, "info", "info"},
		{0, "WARN", "warning"},
		{0, "warning", "warning"},
		{0, "Error", "error"},
		{0, "FATAL", "critical"},
		{0, "critical", "critical"},
		{0, "loud", "info"},
		{9, "fatal", "info"},
	} {
		assert.Equal(t, row.want, levelOf(row.number, row.text), row)
	}
}

func TestTypeIsTheOneSaidOrInferred(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes []change
		want    string
	}{
		{"nothing", nil, "custom"},
		{"said", []change{attr("ledger.log_type", "console")}, "console"},
		{"said by the resource", []change{resourceAttr("ledger.log_type", "database")}, "database"},
		{"said, unknown", []change{attr("ledger.log_type", "Console")}, "custom"},
		{"exception", []change{attr("exception.type", "E"), attr("exception.message", "m")}, "exception"},
		{"exception before endpoint", endpoint(attr("exception.type", "E"), attr("exception.message", "m")), "exception"},
		{"said before inferred", endpoint(attr("ledger.log_type", "logger")), "logger"},
		{"exception without type", []change{attr("exception.message", "m")}, "custom"},
		{"exception without message", []change{attr("exception.type", "E")}, "custom"},
		{"exception with an empty message", []change{attr("exception.type", "E"), attr("exception.message", "")}, "custom"},
		{"exception said, without anything", []change{attr("ledger.log_type", "exception")}, "custom"},
		{"endpoint", endpoint(), "endpoint"},
		{"endpoint, older names", []change{
			attr("http.method", "GET"), attr("url.path", "/"),
			attr("http.status_code", "200"), attr("ledger.duration_ms", 3),
		}, "endpoint"},
		{"endpoint without method", endpoint(without("http.request.method")), "custom"},
		{"endpoint without path", endpoint(without("http.route")), "custom"},
		{"endpoint without status", endpoint(without("http.response.status_code")), "custom"},
		{"endpoint without duration", endpoint(without("ledger.duration_ms")), "custom"},
		{"endpoint said, without duration", endpoint(attr("ledger.log_type", "endpoint"), without("ledger.duration_ms")), "custom"},
		{"database", []change{attr("db.system", "postgresql")}, "database"},
		{"file", []change{attr("code.filepath", "a.go")}, "logger"},
		{"function", []change{attr("code.function", "f")}, "logger"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := converted(t, row.changes...)
			assert.Equal(t, row.want, r.Type)
			assert.Equal(t, r.Type == record.TypeEndpoint, r.Endpoint != nil)
			assert.Equal(t, r.Type == record.TypeException, r.ErrorType != "")
		})
	}
}

func TestImportanceIsTheOneSaidOrTheLevels(t *testing.T) {
	level := func(n plog.SeverityNumber) change {
		return with(func(lr plog.LogRecord) { lr.SetSeverityNumber(n) })
	}
	assert.Equal(t, "standard", converted(t, level(9)).Importance)
	assert.Equal(t, "high", converted(t, level(17)).Importance)
	assert.Equal(t, "critical", converted(t, level(21)).Importance)
	assert.Equal(t, "low", converted(t, level(21), attr("ledger.importance", "low")).Importance)
	assert.Equal(t, "high", converted(t, level(17), attr("ledger.importance", "urgent")).Importance)
}

func TestTimeIsTheRecordsThenTheObservedThenNow(t *testing.T) {
	at := func(event, observed pcommon.Timestamp) change {
		return with(func(lr plog.LogRecord) { lr.SetTimestamp(event); lr.SetObservedTimestamp(observed) })
	}
	assert.EqualValues(t, 5, converted(t, at(5, 9)).Time)
	assert.EqualValues(t, 9, converted(t, at(0, 9)).Time)
	assert.Equal(t, now.UnixNano(), converted(t, at(0, 0)).Time)
}

func TestTextIsMadeOfEveryKindOfBody(t *testing.T) {
	for want, body := range map[string]any{
		"plain": "plain", "": nil, "12": int64(12), "0.5": 0.5, "1e-07": 1e-7, "true": true,
		`{"a":[1,"x",null]}`: map[string]any{"a": []any{int64(1), "x", nil}}, `"AQI="`: []byte{1, 2},
	} {
		r := converted(t, with(func(lr plog.LogRecord) { require.NoError(t, lr.Body().FromRaw(body)) }))
		assert.Equal(t, want, r.Message)
	}
}

func TestExceptionAttributesMayBeOfAnyKind(t *testing.T) {
	r := converted(t, attr("exception.type", 7), attr("exception.message", map[string]any{"a": 1}),
		attr("exception.stacktrace", "at f (x:1)"))
	assert.Equal(t, "7", r.ErrorType)
	assert.Equal(t, `{"a":1}`, r.ErrorMessage)
	assert.Equal(t, "at f (x:1)", r.StackTrace)
}

func TestRecordsAttributesComeBeforeTheResources(t *testing.T) {
	r := converted(t, resourceAttr("service.version", "old"), resourceAttr("deployment.environment", "env"),
		resourceAttr("telemetry.sdk.language", "go"), resourceAttr("telemetry.sdk.version", "3"),
		resourceAttr("process.runtime.version", "go1.26"),
		attr("service.version", "new"), attr("ledger.sdk_version", "2"))
	assert.Equal(t, "new", r.Release)
	assert.Equal(t, "env", r.Environment)
	assert.Equal(t, "go", r.Platform)
	assert.Equal(t, "2", r.SDKVersion)
	assert.Equal(t, "go1.26", r.PlatformVersion)
	assert.Equal(t, "shop", r.Service)
	assert.Equal(t, "unknown_service", converted(t, func(rl plog.ResourceLogs, _ plog.LogRecord) {
		rl.Resource().Attributes().Clear()
	}).Service)
}

func TestIDIsTheSendersOrTheContents(t *testing.T) { // R1
	assert.Equal(t, "id-1", converted(t).ID)
	assert.Equal(t, "uid", converted(t, without("ledger.log_id"), attr("log.record.uid", "uid")).ID)
	assert.Equal(t, "id-1", converted(t, attr("log.record.uid", "uid")).ID)
	assert.Equal(t, "42", converted(t, attr("ledger.log_id", 42)).ID)
	assert.Equal(t, record.GivenID(strings.Repeat("x", 99)), converted(t, attr("ledger.log_id", strings.Repeat("x", 99))).ID)

	content := converted(t, without("ledger.log_id"))
	assert.Len(t, content.ID, 64)
	assert.Equal(t, content.ID, converted(t, attr("ledger.log_id", ""), without("ledger.log_id")).ID)
	assert.Len(t, converted(t, attr("ledger.log_id", "")).ID, 64, "an empty ID is none")
	assert.Equal(t, content.ID, convert(one(without("ledger.log_id")), now.Add(time.Hour)).accepted[0].ID,
		"sent again later it is the same record")
	assert.Len(t, converted(t, resourceAttr("ledger.log_id", "all"), without("ledger.log_id")).ID, 64,
		"a resource does not name its records")
}

func TestPositionsCountOverResourcesAndScopes(t *testing.T) {
	logs := one()
	bad := logs.ResourceLogs().AppendEmpty()
	bad.ScopeLogs().AppendEmpty()
	bad.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("\x00")
	one().ResourceLogs().At(0).CopyTo(logs.ResourceLogs().AppendEmpty())
	b := convert(logs, now)
	assert.Len(t, b.accepted, 2)
	assert.Equal(t, "Log 1: body: text with a NUL character", b.message())
}

func TestRecordsOfAResourceShareIt(t *testing.T) {
	b := convert(many(3), now)
	assert.Same(t, b.accepted[0].Resource, b.accepted[2].Resource)
}

func TestLastOfTwoAttributesWithOneNameCounts(t *testing.T) {
	raw := recordOf(append(
		field(6, append(field(1, []byte("k")), field(2, field(1, []byte("first")))...)),
		field(6, append(field(1, []byte("k")), field(2, field(1, []byte("last")))...))...))
	logs, err := decode(raw, protobuf, &lease{from: newBudget(1 << 20)})
	require.NoError(t, err)
	assert.Equal(t, `{"k":"last"}`, convert(logs, now).accepted[0].Attributes)
}

func TestJSONLengthIsThePlatforms(t *testing.T) {
	// The wanted lengths are those of json.dumps in Python.
	for _, row := range []struct {
		json string
		want int
	}{
		{`{}`, 2},
		{`{"a":1}`, 8},
		{`{"a":1,"b":[1,2]}`, 21},
		{`{"a,b:c":"d,e:f"}`, 18},
		{`{"a":"é"}`, 15},
		{`{"a":"€"}`, 15},
		{`{"a":"😀"}`, 21},
		{`{"a":"\"b,c:d\\"}`, 18},
		{`{"a":"\\","b":1}`, 19},
	} {
		assert.Equal(t, row.want, jsonLength(row.json), row.json)
	}
}

func TestEncodedTextIsJSON(t *testing.T) {
	var b strings.Builder
	for c := rune(1); c < 0x300; c++ {
		b.WriteRune(c)
	}
	b.WriteString("\u2028\u2029\U0001F600</script>")
	got, err := appendString(nil, b.String())
	require.NoError(t, err)
	var back string
	require.NoError(t, json.Unmarshal(got, &back))
	assert.Equal(t, b.String(), back)
	for f, want := range map[float64]string{0: "0", 1: "1", 0.1: "0.1", 1e20: "100000000000000000000", 1e21: "1e+21", -2.5e-9: "-2.5e-09"} {
		got, err := appendFloat(nil, f)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		var number float64
		require.NoError(t, json.Unmarshal(got, &number))
		assert.Equal(t, f, number)
	}
}
