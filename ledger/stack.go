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
	case isPanic(f.function):
		if !s.panicked {
			*s = stack{frames: s.frames[:0], panicked: true}
		}
	case f.function == "", isRuntime(f.function):
	case len(s.frames) == maxFrames:
		s.more++
	default:
		s.frames = append(s.frames, f)
	}
}

func isPanic(function string) bool { return function == "panic" || function == "runtime.gopanic" }

func isRuntime(function string) bool {
	for _, prefix := range [...]string{"runtime.", "runtime/debug.", "internal/runtime/"} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
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
		b = append(b, functionName(f.function)...)
		b = append(b, '(')
		b = append(b, fileName(f.file)...)
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

// functionName is a function as its author wrote it, in one word. The linker escapes
// dots in the last element of an import path.
func functionName(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' {
			return '_'
		}
		return r
	}, strings.ReplaceAll(s, "%2e", "."))
}

// fileName is the base of a path without what would end the server's match of it.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune("():", r) {
			return '_'
		}
		return r
	}, path.Base(strings.ReplaceAll(s, `\`, "/")))
}

// isOwn reports whether a function is this library's: between the application's
// code and the log call, or between a panic and the code that caught it.
func isOwn(function string) bool {
	rest, ok := strings.CutPrefix(function, "github.com/ledger-sdk/ledger-go/")
	if !ok {
		return false
	}
	last := rest[strings.LastIndexByte(rest, '/')+1:]
	if pkg, _, _ := strings.Cut(last, "."); strings.HasSuffix(pkg, "_test") {
		return false
	}
	for _, pkg := range [...]string{"ledger.", "middleware.", "middleware/", "bridge/", "otel.", "otel/", "sender.", "wal.", "internal/"} {
		if strings.HasPrefix(rest, pkg) {
			return true
		}
	}
	return false
}

// callerStack returns the stack of its caller, or of a caller further up.
func callerStack(skip int) []byte {
	var pcs [maxCarried]uintptr
	return []byte(pcStack(pcs[:runtime.Callers(skip+2, pcs[:])]))
}

// pcStack returns the stack of program counters as runtime.Callers returns them.
func pcStack(pcs []uintptr) string {
	s := fromPCs(pcs)
	return s.text()
}
