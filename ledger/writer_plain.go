package ledger

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
)

// plain logs a line of text, with the dump of a goroutine if one followed.
func (w *writer) plain(line string, dump []byte) {
	r := Record{Level: w.level, Message: line, Type: TypeConsole}
	level, ends, ok := announced(line)
	if ok {
		r.Level = level
	}
	if len(dump) > 0 {
		r.Type, r.Level = TypeException, max(r.Level, slog.LevelError)
		r.Stack = bytes.ReplaceAll(dump, []byte("\r\n"), []byte("\n"))
		if strings.Contains(line, "panic") {
			r.Attrs = []slog.Attr{slog.String(keyExceptionType, "panic")}
		}
	}
	w.admit(context.Background(), r, ends)
}

// announced returns the level that a line starts with. Only a word in capitals counts,
// and only with a colon or in brackets: "error: 0 of 12", "INFO desk" and "[pay] ..."
// are what somebody wrote about something else.
func announced(line string) (level slog.Level, ends, ok bool) {
	line = skipHeader(line)
	bracketed := strings.HasPrefix(line, "[")
	line = strings.TrimPrefix(line, "[")
	letters := 0
	for letters < len(line) && 'A' <= line[letters] && line[letters] <= 'Z' {
		letters++
	}
	word, rest := line[:letters], line[letters:]
	end := ":"
	if bracketed {
		end = "]"
	}
	rest, ok = strings.CutPrefix(rest, end)
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' && (!bracketed || rest[0] != ':') {
		return 0, false, false
	}
	return namedLevel(word)
}

// skipHeader removes what the standard log puts before a message by its flags: a date,
// a time and the place of the call.
func skipHeader(line string) string {
	for _, is := range [...]func(string) bool{isDate, isClock, isPlace} {
		if field, rest, ok := strings.Cut(line, " "); ok && is(field) {
			line = rest
		}
	}
	return line
}

func isDate(s string) bool { return shaped(s, "0000/00/00") }

func isClock(s string) bool { return shaped(s, "00:00:00") || shaped(s, "00:00:00.000000") }

func isPlace(s string) bool {
	_, line, ok := strings.Cut(s, ".go:")
	return ok && len(line) > 1 && strings.Trim(line[:len(line)-1], "0123456789") == "" && line[len(line)-1] == ':'
}

// shaped reports whether s has digits where shape has zeros, and the rest of shape.
func shaped(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		isDigit := '0' <= s[i] && s[i] <= '9'
		if isDigit != (shape[i] == '0') || !isDigit && s[i] != shape[i] {
			return false
		}
	}
	return true
}

// dumpEnd returns how much of text is the dump of goroutines: "goroutine 7 [running]:",
// then pairs of a function and an indented position.
func dumpEnd(text []byte) int {
	at := 0
	for {
		line, next := lineAt(text, at)
		following, _ := lineAt(text, next)
		switch {
		case bytes.HasPrefix(line, []byte("goroutine ")) && bytes.HasSuffix(line, []byte("]:")):
		case at == 0 || next == at:
			return at
		case len(line) == 0 && bytes.HasPrefix(following, []byte("goroutine ")):
		case bytes.HasPrefix(line, []byte("\t")):
		case len(line) > 0 && bytes.HasPrefix(following, []byte("\t")):
		case bytes.HasPrefix(line, []byte("...additional frames elided")):
		default:
			return at
		}
		at = next
	}
}

// lineAt returns the line that starts at an offset, and the offset of the next.
func lineAt(text []byte, at int) (line []byte, next int) {
	line, _, found := bytes.Cut(text[at:], []byte("\n"))
	next = at + len(line)
	if found {
		next++
	}
	return bytes.TrimSuffix(line, []byte("\r")), next
}
