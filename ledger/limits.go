package ledger

import (
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/sender"
)

// The limits of the server. Some it answers for with a refused record; others, such
// as a method of nine letters, it accepts and then loses up to 200 records over,
// long after its 200 OK. Lengths are in code points, as the server counts.
const (
	maxMessage          = 10_000
	maxExceptionType    = 255
	maxExceptionMessage = 5_000
	maxExceptionStack   = 50_000
	maxMethod           = 8
	maxOriginalMethod   = 255 // ours; the server has none of its own
	maxPath             = 2_048
	maxAhead            = 5 * time.Minute
)

// fieldLimits are the limits that a server may set lower.
type fieldLimits struct{ message, exceptionType, exceptionMessage, exceptionStack, attributes int }

func knownLimits() fieldLimits {
	return fieldLimits{maxMessage, maxExceptionType, maxExceptionMessage, maxExceptionStack, maxAttributesJSON}
}

// leastLimit is the lowest limit that is believed: a server that has none, or lower ones,
// must not empty the records.
const leastLimit = 64

// within returns limits that satisfy l and a server's settings, in which zero is not known.
func (l fieldLimits) within(s sender.FieldLimits) fieldLimits {
	lower := func(to *int, by int) {
		if by > 0 {
			*to = min(*to, max(by, leastLimit))
		}
	}
	lower(&l.message, s.Message)
	lower(&l.exceptionType, s.ErrorType)
	lower(&l.exceptionMessage, s.ErrorMessage)
	lower(&l.exceptionStack, s.StackTrace)
	lower(&l.attributes, s.Attributes-s.Attributes/14) // It counts what we estimate.
	return l
}

// The attributes that the server reads, or that are read here.
const (
	keyExceptionType    = "exception.type"
	keyExceptionMessage = "exception.message"
	keyExceptionStack   = "exception.stacktrace"
	keyMethod           = "http.request.method"
	keyOldMethod        = "http.method"
	keyOriginalMethod   = "http.request.method_original"
	keyRoute            = "http.route"
	keyPath             = "url.path"
	keyQuery            = "url.query"
	keyStatus           = "http.response.status_code"
	keyOldStatus        = "http.status_code"
	keyDuration         = "ledger.duration_ms"
	keyPathParams       = "ledger.path_params"
	keyResponseBody     = "ledger.response_body"
	keyType             = "ledger.log_type"
	keyImportance       = "ledger.importance"
	keyID               = "ledger.log_id"
	keyUID              = "log.record.uid"
)

// facts are what the attributes say about the record as a whole.
type facts struct {
	exception, method, route, status, duration, database, code bool

	max        fieldLimits
	original   string // the method, if it had to be replaced
	typ        Type
	importance Importance
}

// limit brings one attribute within the limits, in place, and notes what it says.
// It returns false for attributes that the record carries in another way.
func (f *facts) limit(a *slog.Attr) (keep bool) {
	switch a.Key {
	case keyExceptionType:
		f.exception = true
		a.Value = slog.StringValue(otlp.Cut(a.Value.String(), f.max.exceptionType))
	case keyExceptionMessage:
		f.exception = true
		a.Value = slog.StringValue(cutJSON(otlp.Cut(a.Value.String(), f.max.exceptionMessage), maxMessageJSON))
	case keyExceptionStack:
		f.exception = true
		a.Value = slog.StringValue(otlp.Cut(a.Value.String(), f.max.exceptionStack))
	case keyMethod, keyOldMethod:
		f.method = true
		a.Value = f.limitMethod(a.Value.String())
	case keyRoute, keyPath:
		f.route = true
		a.Value = slog.StringValue(cutJSON(otlp.Cut(a.Value.String(), maxPath), maxPathJSON))
	case keyStatus, keyOldStatus:
		f.status = true
		a.Value = slog.Int64Value(int64(clamp(number(a.Value), math.MinInt16, math.MaxInt16)))
	case keyDuration:
		f.duration = true
		a.Value = limitDuration(a.Value)
	case "db.system", "db.system.name":
		f.database = true
	case "code.function.name", "code.file.path", "code.function", "code.filepath":
		f.code = true
	case keyType:
		f.typ = Type(a.Value.String())
		return false
	case keyImportance:
		f.importance = Importance(a.Value.String())
		return false
	case keyID, keyUID:
		return false
	default:
		if strings.HasPrefix(a.Key, "exception.") {
			f.exception = true // as the server sees it
			a.Value = slog.StringValue(a.Value.String())
		}
	}
	return true
}

// limitMethod returns a method that fits the server's column, and keeps the
// original for an attribute of its own.
func (f *facts) limitMethod(method string) slog.Value {
	if utf8.RuneCountInString(method) <= maxMethod {
		return slog.StringValue(method)
	}
	f.original = otlp.Cut(method, maxOriginalMethod)
	return slog.StringValue("_OTHER") // the conventions' word for it
}

// limitDuration returns milliseconds that fit the server's column. A time.Duration
// was surely not meant as nanoseconds.
func limitDuration(v slog.Value) slog.Value {
	ms := number(v)
	if v.Kind() == slog.KindDuration {
		ms = float64(v.Duration()) / float64(time.Millisecond)
	}
	return slog.Float64Value(clamp(ms, 0, math.MaxInt32))
}

// limitTime returns the time to send, in nanoseconds since the epoch. A time that
// the server would refuse, or that OTLP cannot express, is replaced by now.
func limitTime(t, now time.Time) int64 {
	if t.IsZero() || t.After(now.Add(maxAhead)) || !t.After(time.Unix(0, 0)) {
		t = now
	}
	return t.UnixNano()
}

// number returns a plain value as a number to be clamped, 0 if it is none. Text
// counts: the server would take "inf" for a number and fail on it.
func number(v slog.Value) (n float64) {
	switch v.Kind() {
	case slog.KindInt64:
		return float64(v.Int64())
	case slog.KindUint64:
		return float64(v.Uint64())
	case slog.KindFloat64:
		n = v.Float64()
	case slog.KindString:
		n, _ = strconv.ParseFloat(strings.TrimSpace(v.String()), 64)
	}
	if math.IsNaN(n) {
		return 0
	}
	return n
}

func clamp(n, low, high float64) float64 { return max(low, min(n, high)) }
