package ledger

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// The server groups errors by the first three frames of a stack, and finds frames
// in a few forms, none of which is Go's. So every stack is sent the way Java prints
// it, the leaf first, which is also the useful end to group by:
//
//	at example.com/shop.(*Cart).Pay(cart.go:12)
//	at main.main(main.go:3)

// maxFrames bounds a stack. Of an endless recursion this is plenty.
const maxFrames = 64

type frame struct {
	function string
	file     string
	line     int
}

// stack collects frames, leaf first.
type stack struct {
	frames   []frame
	more     int  // frames beyond maxFrames
	panicked bool // the frame of a panic went by
}

// add drops the frames that say nothing about the application's code: the runtime,
// and, at the first panic, all that ran because of it.
func (s *stack) add(f frame) {
	switch {
	case f.function == "panic" || f.function == "runtime.gopanic":
		if !s.panicked {
			*s = stack{frames: s.frames[:0], panicked: true}
		}
	case strings.HasPrefix(f.function, "runtime.") || strings.HasPrefix(f.function, "runtime/debug."):
	case len(s.frames) == maxFrames:
		s.more++
	default:
		s.frames = append(s.frames, f)
	}
}

// text returns the lines, without this library's own frames unless there are only
// such.
func (s *stack) text() string {
	b := s.appendLines(nil, false)
	if len(b) == 0 {
		b = s.appendLines(b, true)
	}
	return string(b)
}

func (s *stack) appendLines(b []byte, own bool) []byte {
	for _, f := range s.frames {
		if !own && isOwn(f.function) {
			continue
		}
		if len(b) > 0 {
			b = append(b, '\n')
		}
		b = append(b, "at "...)
		b = append(b, f.function...)
		b = append(b, '(')
		b = append(b, path.Base(strings.ReplaceAll(f.file, `\`, "/"))...)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(f.line), 10)
		b = append(b, ')')
	}
	if s.more > 0 && len(b) > 0 {
		b = append(b, "\n... "...)
		b = strconv.AppendInt(b, int64(s.more), 10)
		b = append(b, " more"...)
	}
	return b
}

// isOwn reports whether a function is this library's: between the application's
// code and the log call, or between a panic and the code that caught it.
func isOwn(function string) bool {
	rest, ok := strings.CutPrefix(function, "github.com/ledger-sdk/ledger-go/")
	if !ok {
		return false
	}
	for _, pkg := range [...]string{"ledger.", "middleware.", "middleware/", "sender.", "wal.", "internal/"} {
		if strings.HasPrefix(rest, pkg) {
			return true
		}
	}
	return false
}

// callerStack returns the stack of its caller, or of a caller further up.
func callerStack(skip int) []byte {
	var pcs [2 * maxFrames]uintptr
	return []byte(pcStack(pcs[:runtime.Callers(skip+2, pcs[:])]))
}

// pcStack returns the stack of program counters as runtime.Callers returns them.
func pcStack(pcs []uintptr) string {
	var s stack
	if len(pcs) == 0 {
		return ""
	}
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		if f.Function != "" {
			s.add(frame{f.Function, f.File, f.Line})
		}
		if !more {
			return s.text()
		}
	}
}

// leafFirst rewrites the text of runtime/debug.Stack, of which it takes the first
// goroutine. Any other text is returned as it is.
func leafFirst(text string) string {
	head, rest, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(head, "goroutine ") || !strings.HasSuffix(head, "]:") {
		return text
	}
	var s stack
	for rest != "" {
		var function, position string
		function, rest, _ = strings.Cut(rest, "\n")
		if function == "" || strings.HasPrefix(function, "created by ") {
			break
		}
		if !strings.HasPrefix(rest, "\t") {
			continue // "...additional frames elided..."
		}
		position, rest, _ = strings.Cut(rest[1:], "\n")
		s.add(parseFrame(function, position))
	}
	if lines := s.text(); lines != "" {
		return lines
	}
	return text
}

// parseFrame parses "pkg.(*T).F(0xc000, {...})" and "/dir/file.go:12 +0x1d".
func parseFrame(function, position string) frame {
	if at := strings.LastIndexByte(function, '('); at > 0 && strings.HasSuffix(function, ")") {
		function = function[:at]
	}
	position, _, _ = strings.Cut(position, " +0x")
	f := frame{function: function, file: position}
	if at := strings.LastIndexByte(position, ':'); at >= 0 {
		if n, err := strconv.Atoi(position[at+1:]); err == nil {
			f.file, f.line = position[:at], n
		}
	}
	return f
}
