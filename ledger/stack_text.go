package ledger

import (
	"strconv"
	"strings"
)

// leafFirst rewrites a stack as Go and its libraries write it: the text of
// runtime/debug.Stack or of a crash, of which it takes the first goroutine, and the
// frames alone, as zap writes them. Any other text is returned as it is.
func leafFirst(text string) string {
	s, ok := parseStack(text)
	if !ok {
		return text
	}
	if lines := s.text(); lines != "" {
		return lines
	}
	return text
}

// parseStack collects the frames of a text, each of which is a line with a function
// and one with a position, further to the right.
func parseStack(text string) (s stack, ok bool) {
	rest, headed := afterHead(text)
	for rest != "" {
		function, after, _ := strings.Cut(rest, "\n")
		position, beyond, _ := strings.Cut(after, "\n")
		rest = after
		switch f, isFrame := parseFrame(function, position, headed); {
		case strings.HasPrefix(function, "created by "):
			return s, ok
		case isFrame:
			s.add(f)
			ok, rest = true, beyond
		case headed && function == "", !headed && ok:
			return s, ok
		}
	}
	return s, ok
}

// afterHead returns what comes after the head of the first goroutine, which a crash
// has below the panic's value, or all of a text that has none.
func afterHead(text string) (rest string, headed bool) {
	for rest = text; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:") {
			return rest, true
		}
	}
	return text, false
}

// parseFrame parses "pkg.(*T).F(0xc000, {...})" and "	/dir/file.go:12 +0x1d". Without
// a head above them the two have to look like nothing else.
func parseFrame(function, position string, headed bool) (f frame, ok bool) {
	path := strings.TrimLeft(position, "\t ")
	indent := len(position) - len(path)
	if !headed {
		plain := strings.TrimLeft(function, "\t ")
		if indent <= len(function)-len(plain) || !strings.Contains(plain, ".") || strings.ContainsAny(plain, " \t") {
			return f, false
		}
		function = plain
	} else if at := strings.LastIndexByte(function, '('); at > 0 && strings.HasSuffix(function, ")") {
		function = function[:at]
	}
	if indent == 0 || function == "" {
		return f, false
	}
	path, _, _ = strings.Cut(path, " +0x")
	f = frame{function: function, file: path}
	if at := strings.LastIndexByte(path, ':'); at >= 0 {
		if n, err := strconv.Atoi(path[at+1:]); err == nil {
			f.file, f.line = path[:at], n
			return f, true
		}
	}
	return f, headed
}
