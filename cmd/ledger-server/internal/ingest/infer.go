package ingest

import (
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// levelOf returns the level of a record: by its severity number, and only if it
// has none by the severity text.
func levelOf(number plog.SeverityNumber, text string) string {
	switch {
	case number >= 21:
		return record.LevelCritical
	case number >= 17:
		return record.LevelError
	case number >= 13:
		return record.LevelWarning
	case number >= 9:
		return record.LevelInfo
	case number >= 1:
		return record.LevelDebug
	}
	switch strings.ToLower(text) {
	case "trace", "debug":
		return record.LevelDebug
	case "warn", "warning":
		return record.LevelWarning
	case "error":
		return record.LevelError
	case "fatal", "critical":
		return record.LevelCritical
	}
	return record.LevelInfo
}

// typeOf returns the type that a record says it has, or the one that its
// attributes make it.
func typeOf(a attributes) string {
	if t := a.text("ledger.log_type"); record.IsType(t) {
		return t
	}
	_, method := a.get("http.request.method", "http.method")
	_, status := a.get("http.response.status_code", "http.status_code")
	_, database := a.get("db.system")
	_, code := a.get("code.filepath", "code.function")
	switch {
	case a.has("exception."):
		return record.TypeException
	case method && status:
		return record.TypeEndpoint
	case database:
		return record.TypeDatabase
	case code:
		return record.TypeLogger
	}
	return record.TypeCustom
}

// importanceOf returns the importance that a record says it has, or the one of
// its level.
func importanceOf(a attributes, level string) string {
	if i := a.text("ledger.importance"); record.IsImportance(i) {
		return i
	}
	switch level {
	case record.LevelCritical:
		return record.ImportanceCritical
	case record.LevelError:
		return record.ImportanceHigh
	}
	return record.ImportanceStandard
}

// timeOf returns when the record happened: when it says, else when it was
// observed, else now. It is false if that is too far in the future.
func timeOf(r plog.LogRecord, now time.Time) (int64, bool) {
	t := uint64(r.Timestamp())
	if t == 0 {
		t = uint64(r.ObservedTimestamp())
	}
	if t == 0 {
		return now.UnixNano(), true
	}
	if t > math.MaxInt64 || int64(t) > now.Add(record.MaxAhead).UnixNano() {
		return 0, false
	}
	return int64(t), true
}
