package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// safe returns foreign text fit for a terminal: what is not printable, which
// includes every escape, line end and direction mark, shows as its Go escape (R5).
func safe(s string) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// word returns s as one word of a line: as it is, or quoted where that would be
// ambiguous or unsafe.
func word(s string) string {
	if s == "" || !printable(s) || strings.ContainsAny(s, " \"=\\`") {
		return strconv.Quote(s)
	}
	return s
}

// appendJSON appends v as JSON text and a line end, on one line if indent is "".
// encoding/json leaves DEL, the C1 controls and direction marks as they are, and
// some of these steer a terminal; here they are escaped like the others (R5). They
// can only stand inside strings, so escaping them anywhere is right.
func appendJSON(dst []byte, v any, indent string) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return escapeJSON(dst, buf.Bytes()), nil
}

func escapeJSON(dst, text []byte) []byte {
	for len(text) > 0 {
		ascii := 0 // Most of a log is.
		for ascii < len(text) && text[ascii] >= ' ' && text[ascii] <= '~' {
			ascii++
		}
		dst, text = append(dst, text[:ascii]...), text[ascii:]
		if len(text) == 0 {
			break
		}
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || unicode.IsPrint(r): // A line end is the document's own.
			dst = append(dst, text[:n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, hi, lo)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[n:]
	}
	return dst
}
