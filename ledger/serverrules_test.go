package ledger

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// stored is what the server makes of a record.
type stored struct {
	logType, errorType, errorMessage, stack, message string
	attributes                                       map[string]any
	json                                             int // characters of attributes
}

// accept does to a record what the server does to it, and fails the test where the
// server would refuse it, or accept it and lose it later with its neighbours.
func accept(t testing.TB, now time.Time, resource []slog.Attr, rec otlp.DecodedRecord) stored {
	t.Helper()
	merged := map[string]any{}
	for _, a := range resource {
		merged[a.Key] = a.Value.Any()
	}
	seen := map[string]bool{}
	for _, a := range rec.Attrs {
		require.False(t, seen[a.Key], "key %q occurs twice", a.Key)
		seen[a.Key] = true
		merged[a.Key] = a.Value.Any()
	}
	s := stored{attributes: merged, logType: merged["ledger.log_type"].(string), message: rec.Body.(string)}
	require.True(t, Type(s.logType).known())
	if i, ok := merged["ledger.importance"]; ok {
		require.True(t, Importance(i.(string)).known())
	}
	require.Len(t, merged["ledger.log_id"], 32)
	require.Equal(t, merged["ledger.log_id"], merged["log.record.uid"])
	require.LessOrEqual(t, utf8.RuneCountInString(s.message), 10_000)
	require.LessOrEqual(t, rec.Time, now.Add(5*time.Minute).UnixNano())
	require.Positive(t, rec.Time)
	require.GreaterOrEqual(t, rec.Severity, 1)
	require.LessOrEqual(t, rec.Severity, 24)

	text := func(key string, limit int) string {
		v, ok := merged[key]
		if !ok {
			return ""
		}
		require.IsType(t, "", v, "%s: the whole request would fail with 500", key)
		require.LessOrEqual(t, utf8.RuneCountInString(v.(string)), limit, key)
		return v.(string)
	}
	s.errorType = text("exception.type", 255)
	s.errorMessage = text("exception.message", 5_000)
	s.stack = text("exception.stacktrace", 50_000)
	if s.logType == "exception" {
		require.NotEmpty(t, s.errorType, "would be demoted to custom")
		require.NotEmpty(t, s.errorMessage, "would be demoted to custom")
	}
	if endpoint := endpointOf(t, merged); s.logType == "endpoint" && endpoint != nil {
		merged["endpoint"] = endpoint
	}
	if rec.TraceID != [16]byte{} {
		merged["trace_id"], merged["span_id"] = hex.EncodeToString(rec.TraceID[:]), hex.EncodeToString(rec.SpanID[:])
	}
	dump := pythonJSON(t, merged)
	s.json = len(dump)
	require.LessOrEqual(t, s.json, 100_000, "attributes are too large")
	return s
}

// endpointOf builds the object that the columns of a request are filled from.
func endpointOf(t testing.TB, merged map[string]any) map[string]any {
	first := func(keys ...string) any {
		for _, k := range keys {
			if v, ok := merged[k]; ok {
				return v
			}
		}
		return nil
	}
	e := map[string]any{
		"method": first("http.request.method", "http.method"), "path": first("http.route", "url.path"),
		"status_code": first("http.response.status_code", "http.status_code"), "duration_ms": merged["ledger.duration_ms"],
	}
	if m := e["method"]; m != nil {
		require.IsType(t, "", m, "would poison the batch")
		require.LessOrEqual(t, utf8.RuneCountInString(m.(string)), 8, "would poison the batch")
	}
	if p := e["path"]; p != nil {
		require.IsType(t, "", p, "would poison the batch")
		require.LessOrEqual(t, utf8.RuneCountInString(p.(string)), 2048, "would poison the batch")
	}
	if s := e["status_code"]; s != nil {
		require.GreaterOrEqual(t, s.(int64), int64(math.MinInt16), "would poison the batch")
		require.LessOrEqual(t, s.(int64), int64(math.MaxInt16), "would poison the batch")
	}
	if d := e["duration_ms"]; d != nil {
		require.LessOrEqual(t, math.Abs(d.(float64)), float64(math.MaxInt32), "would poison the batch")
	}
	for _, v := range e {
		if v == nil {
			return nil
		}
	}
	for name, key := range map[string]string{"query_params": "url.query", "path_params": "ledger.path_params", "response_body": "ledger.response_body"} {
		v, ok := merged[key]
		if !ok || v == "" {
			continue
		}
		e[name] = v
		if text, ok := v.(string); ok && key == "ledger.path_params" {
			var parsed any
			if json.Unmarshal([]byte(text), &parsed) == nil {
				e[name] = parsed
			}
		}
	}
	return e
}

// pythonJSON writes what Python's json.dumps writes by default.
func pythonJSON(t testing.TB, v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		require.True(t, utf8.ValidString(v), "the whole request would be refused")
		require.NotContains(t, v, "\x00", "would poison the batch")
		return pythonString(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "would poison the batch")
		return pythonFloat(v)
	case []byte:
		return `"` + base64.StdEncoding.EncodeToString(v) + `"`
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = pythonJSON(t, e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for k, e := range v {
			parts = append(parts, pythonJSON(t, k)+": "+pythonJSON(t, e))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		require.Fail(t, "unexpected type", "%T", v)
		return ""
	}
}

func pythonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case strings.ContainsRune("\b\f\n\r\t", r):
			b.WriteString(`\x`) // two characters, whichever
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r > 0xffff:
			b.WriteString(`\uxxxx\uxxxx`)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func pythonFloat(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
