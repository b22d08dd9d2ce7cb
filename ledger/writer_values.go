package ledger

import (
	"encoding/json"
	"log/slog"
	"path"
	"strconv"
	"strings"
	"time"
)

// namedLevel reads the name of a level, and whether it says that the process ends.
func namedLevel(s string) (level slog.Level, ends, ok bool) {
	s = strings.ToLower(uncoloured(s))
	switch s {
	case "trace":
		return slog.LevelDebug - 4, false, true
	case "debug":
		return slog.LevelDebug, false, true
	case "info", "default":
		return slog.LevelInfo, false, true
	case "notice":
		return slog.LevelInfo + 2, false, true
	case "warn", "warning":
		return slog.LevelWarn, false, true
	case "error", "dpanic":
		return slog.LevelError, false, true
	case "critical", "alert", "emergency":
		return LevelCritical, false, true
	case "fatal", "panic":
		return LevelCritical, true, true
	case "":
		return 0, false, false
	}
	err := level.UnmarshalText([]byte(s)) // "warn+2"
	return level, false, err == nil
}

// uncoloured removes the colour that zap's encoders may give a level.
func uncoloured(s string) string {
	if !strings.HasPrefix(s, "\x1b[") {
		return s
	}
	_, s, _ = strings.Cut(s, "m")
	return strings.TrimSuffix(s, "\x1b[0m")
}

// unixTime reads a Unix time in decimal digits without losing any: in seconds,
// milliseconds, microseconds or nanoseconds, whichever gives a year from 2001 to 5138.
// Smaller numbers are no times.
func unixTime(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 1e9 {
		return time.Time{}, false // also of an exponent
	}
	digits := 9 // of a second that the fraction has
	for limit := int64(1e11); n >= limit && digits > 0; limit *= 1000 {
		digits -= 3
	}
	part, err := strconv.ParseInt((fraction + "000000000")[:digits]+"0", 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	perSecond, nanos := int64(1), int64(1e9)
	for range 9 - digits {
		perSecond, nanos = perSecond*10, nanos/10
	}
	return time.Unix(n/perSecond, n%perSecond*nanos+part/10), true
}

// placeOf reads "dir/cart.go:12", or slog's {"function":...,"file":...,"line":...}.
func placeOf(v any) (file string, line int64, fn string, ok bool) {
	switch v := v.(type) {
	case string:
		at := strings.LastIndexByte(v, ':')
		if at < 0 {
			return "", 0, "", false
		}
		file = v[:at]
		line, ok = integer(v[at+1:])
	case map[string]any:
		for key := range v {
			if key != "function" && key != "file" && key != "line" {
				return "", 0, "", false // there is more to it
			}
		}
		file, _ = v["file"].(string)
		fn, _ = v["function"].(string)
		line, ok = integer(v["line"])
	}
	if !ok || !strings.HasSuffix(file, ".go") {
		return "", 0, "", false
	}
	return file, line, fn, true
}

// integer reads a number, or the digits of one.
func integer(v any) (int64, bool) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return n, err == nil && n >= 0
}

// jsonValue makes an attribute's value of a decoded one.
func jsonValue(v any) slog.Value {
	switch v := v.(type) {
	case string:
		return slog.StringValue(v)
	case bool:
		return slog.BoolValue(v)
	case json.Number:
		return numberValue(v.String())
	case []any:
		for i, element := range v {
			if _, ok := element.(map[string]any); !ok { // objects in lists are sent as JSON
				v[i] = jsonValue(element)
			}
		}
		return slog.AnyValue(v)
	}
	return slog.AnyValue(v)
}

// numberValue keeps integers exact; one that fits no 64 bits, and a float that is out
// of range, stay the text that they were.
func numberValue(s string) slog.Value {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return slog.Int64Value(n)
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return slog.Uint64Value(n)
	}
	if !strings.ContainsAny(s, ".eE") {
		return slog.StringValue(s)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return slog.Float64Value(f)
	}
	return slog.StringValue(s)
}

func baseName(file string) string { return path.Base(strings.ReplaceAll(file, `\`, "/")) }
