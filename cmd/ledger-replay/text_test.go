package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

func TestSafeEscapesWhatSteersATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ünïcode, 日本": "plain text, ünïcode, 日本",
		"\x1b[31mred":             `\x1b[31mred`,
		"a\nb\r\t":                `a\nb\r\t`,
		"\u009b2J\u0085":          `\u009b2J\u0085`,
		"\u202egnp.exe":           `\u202egnp.exe`,
		"bad \xff\xfe":            `bad \xff\xfe`,
		`back\slash "quote"`:      `back\slash "quote"`,
		"\U000e0001tag":           `\U000e0001tag`,
	} {
		assert.Equal(t, want, safe(in))
	}
}

func TestWordIsOneWord(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "": `""`, "a b": `"a b"`, "a=b": `"a=b"`, `"`: `"\""`, `\x`: `"\\x"`, "\x1b": `"\x1b"`, "/orders/{id}": "/orders/{id}",
	} {
		assert.Equal(t, want, word(in))
	}
}

// onlyPrintable fails at anything in a text that could steer a terminal.
func onlyPrintable(t *testing.T, text []byte) {
	t.Helper()
	require.True(t, utf8.Valid(text))
	for _, r := range strings.TrimSuffix(string(text), "\n") {
		require.True(t, unicode.IsPrint(r), "%U in %q", r, text)
	}
}

// R5: whatever a record says, its lines are printable, and the JSON one still says
// the same.
func FuzzLinesArePrintable(f *testing.F) {
	f.Add("plain", "key", "value", []byte{1})
	f.Add("\x1b[2J\u009b\u202e\x7f\u2028", "k\x00=", "\xff\"\\", []byte("\x1b"))
	f.Add("\U000e0001 \ufeff", "\u0085", "\u2066", []byte(nil))
	f.Fuzz(func(t *testing.T, body, key, value string, raw []byte) {
		payload := otlp.AppendRecord(nil, &otlp.Record{Body: body, Attrs: []slog.Attr{
			slog.String(key, value), slog.Any("list", []string{value, body}), slog.Any("raw", raw),
		}})
		for _, p := range [][]byte{payload, raw} {
			r := decodeRecord(wal.Found{Offset: 1, Time: time.Unix(0, 0), Payload: p}, &journal{})
			onlyPrintable(t, appendText(nil, &r))
			s, err := newScan(&directory{}, selection{})
			require.NoError(t, err)
			line, err := appendJSON(nil, s.jsonRecord(&r), "")
			require.NoError(t, err)
			onlyPrintable(t, line)
			var back jsonRecord
			require.NoError(t, json.Unmarshal(line, &back))
			if text, ok := r.rec.Body.(string); ok && utf8.ValidString(text) {
				require.Equal(t, text, back.Body)
			}
		}
	})
}

func TestEscapedJSONIsTheSameJSON(t *testing.T) {
	in := map[string]string{"a\u009b": "<&>\u202e\U000e0001\x7f"}
	b, err := appendJSON([]byte("prefix "), in, "  ")
	require.NoError(t, err)
	assert.Equal(t, "prefix {\n  \"a\\u009b\": \"<&>\\u202e\\udb40\\udc01\\u007f\"\n}\n", string(b))
	var back map[string]string
	require.NoError(t, json.Unmarshal(bytes.TrimPrefix(b, []byte("prefix ")), &back))
	assert.Equal(t, in, back)
}

func TestValuesReadAsText(t *testing.T) {
	for want, v := range map[string]any{
		"": nil, "text": "text", "true": true, "-5": int64(-5), "1.5": 1.5, "NaN": math.NaN(),
		"AQI=": []byte{1, 2}, `["a",1,"NaN"]`: []any{"a", int64(1), math.NaN()}, `{"k":"+Inf"}`: map[string]any{"k": math.Inf(1)},
	} {
		assert.Equal(t, want, valueText(v))
	}
}

func TestWordsForPeople(t *testing.T) {
	for want, n := range map[string]int64{
		"0 B": 0, "1023 B": 1023, "1.0 KiB": 1 << 10, "1.5 MiB": 3 << 19, "2.0 GiB": 2 << 30, "3.0 TiB": 3 << 40, "4096.0 TiB": 4 << 50,
	} {
		assert.Equal(t, want, size(n))
	}
	for want, d := range map[string]time.Duration{
		"0s": 0, "1.2s": 1250 * time.Millisecond, "1m1s": 61 * time.Second, "2h3m": 2*time.Hour + 3*time.Minute + 9*time.Second,
		"47h59m": 48*time.Hour - 1, "9d1h": 9*24*time.Hour + 90*time.Minute, "-1m0s": -time.Minute,
	} {
		assert.Equal(t, want, age(d), strconv.Itoa(int(d)))
	}
	assert.Equal(t, "1 record", count(1, "record"))
	assert.Equal(t, "0 records", count(uint64(0), "record"))
}
