package ledger

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the server looks for: Node's frames first, then Java's.
var (
	nodeFrame = regexp.MustCompile(`at .+ \(([^:]+):(\d+):\d+\)`)
	javaFrame = regexp.MustCompile(`at .+\(([^:]+):(\d+)\)`)
)

const panicStack = `goroutine 34 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
github.com/ledger-sdk/ledger-go/middleware.(*handler).serve.func1()
	/go/pkg/mod/github.com/ledger-sdk/ledger-go@v0.1.0/middleware/middleware.go:60 +0x6c
panic({0x6b9d20?, 0x7cf150?})
	/usr/local/go/src/runtime/panic.go:783 +0x132
example.com/shop.(*Cart).Pay(0xc000012345, {0x71, 0x5})
	/src/shop/cart.go:12 +0x1d
example.com/shop.Map[...](...)
	/src/shop/map.go:7
main.handler.func2({0x7d0f40, 0xc0001b4000}, 0xc0001b2000)
	C:/src/main.go:31 +0x25
net/http.HandlerFunc.ServeHTTP(0x7f1c?, {0x7d0f40?, 0xc0001b4000?}, 0x0?)
	/usr/local/go/src/net/http/server.go:2322 +0x29
github.com/ledger-sdk/ledger-go/middleware.(*handler).ServeHTTP(0xc000180000, {0x7d0f40, 0xc0001b4000}, 0xc0001b2000)
	/go/pkg/mod/github.com/ledger-sdk/ledger-go@v0.1.0/middleware/middleware.go:44 +0x92
...additional frames elided...
net/http.(*conn).serve(0xc000190000, {0x7d1020, 0xc00012c0f0})
	/usr/local/go/src/net/http/server.go:2109 +0x625
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3493 +0x4a5

goroutine 1 [select]:
main.other()
	/src/other.go:1 +0x1
`

func TestAGoStackIsSentLeafFirst(t *testing.T) {
	const want = `at example.com/shop.(*Cart).Pay(cart.go:12)
at example.com/shop.Map[...](map.go:7)
at main.handler.func2(main.go:31)
at net/http.HandlerFunc.ServeHTTP(server.go:2322)
at net/http.(*conn).serve(server.go:2109)`
	got := leafFirst(panicStack)
	assert.Equal(t, want, got)

	assert.Empty(t, nodeFrame.FindAllString(got, -1), "the server would take these for Node's")
	frames := javaFrame.FindAllStringSubmatch(got, -1)
	require.Len(t, frames, 5)
	assert.Equal(t, []string{"cart.go", "12"}, frames[0][1:])
	assert.Equal(t, []string{"map.go", "7"}, frames[1][1:])
	assert.Empty(t, javaFrame.FindAllString(panicStack, 1), "if Go's form were understood nothing of this would be needed")
}

func TestOtherStacks(t *testing.T) {
	own := "github.com/ledger-sdk/ledger-go/"
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"another language", "Traceback\n  File \"x.py\", line 3", "Traceback\n  File \"x.py\", line 3"},
		{"leaf first already", "at main.f(x.go:1)", "at main.f(x.go:1)"},
		{"a head without frames", "goroutine 1 [running]:\n", "goroutine 1 [running]:\n"},
		{"only the runtime", "goroutine 1 [running]:\nruntime.main()\n\t/x/proc.go:1 +0x1\n", "goroutine 1 [running]:\nruntime.main()\n\t/x/proc.go:1 +0x1\n"},
		{"only our own", "goroutine 1 [running]:\n" + own + "wal.F()\n\t/x/y.go:1 +0x1\n", "at " + own + "wal.F(y.go:1)"},
		{"an example of ours is no library", "goroutine 1 [running]:\n" + own + "examples/demo.F()\n\t/x/y.go:1 +0x1\n", "at " + own + "examples/demo.F(y.go:1)"},
		{"ours between others", "goroutine 1 [running]:\na.A()\n\t/a.go:1\n" + own + "internal/otlp.F()\n\t/y.go:1\nb.B()\n\t/b.go:2\n", "at a.A(a.go:1)\nat b.B(b.go:2)"},
		{
			"a panic in a deferred call of a panic", "goroutine 1 [running]:\nmain.recovers()\n\t/a.go:1\npanic({0x1, 0x2})\n\t/p.go:1\nmain.deferred()\n\t/a.go:2\npanic({0x1, 0x2})\n\t/p.go:1\nmain.first()\n\t/a.go:3\n",
			"at main.deferred(a.go:2)\nat main.first(a.go:3)",
		},
		{"nil dereference", "goroutine 1 [running]:\npanic({0x1?, 0x2?})\n\t/p.go:1\nruntime.sigpanic()\n\t/s.go:1\nmain.f()\n\t/a.go:3\n", "at main.f(a.go:3)"},
		{"Windows", "goroutine 1 [running]:\nmain.f()\n\tC:\\src\\a.go:3 +0x1\n", "at main.f(a.go:3)"},
		{"cut short", "goroutine 1 [running]:\nmain.f()\n\t/a.go", "at main.f(a.go:0)"},
		{"locked to a thread", "goroutine 1 gp=0x1 m=0 [running, locked to thread]:\nmain.f()\n\t/a.go:3\n", "at main.f(a.go:3)"},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, leafFirst(c.in)) })
	}
}

func TestAnEndlessRecursionIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("goroutine 1 [running]:\n")
	for i := range 3 * maxFrames {
		fmt.Fprintf(&b, "main.f%d()\n\t/a.go:%d +0x1\n", i, i)
	}
	lines := strings.Split(leafFirst(b.String()), "\n")
	require.Len(t, lines, maxFrames+1)
	assert.Equal(t, "at main.f0(a.go:0)", lines[0])
	assert.Equal(t, fmt.Sprintf("... %d more", 2*maxFrames), lines[maxFrames])
}

// The two sources must agree, or one error would make two groups.
func TestARealPanicHasItsOriginAsLeaf(t *testing.T) {
	var text, caller string
	func() {
		defer func() {
			_ = recover()
			text, caller = string(debug.Stack()), string(callerStack(0))
		}()
		panics()
	}()
	foreign := func(s string) string {
		return strings.ReplaceAll(s, "github.com/ledger-sdk/ledger-go/ledger.", "example.com/app.")
	}
	lines := strings.Split(leafFirst(foreign(text)), "\n")
	assert.Regexp(t, `^at example\.com/app\.panics\(stack_test\.go:\d+\)$`, lines[0])
	assert.Regexp(t, `^at example\.com/app\.TestARealPanicHasItsOriginAsLeaf`, lines[1])
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, lines[len(lines)-1])
	assert.Equal(t, lines[len(lines)-1], caller, "our own frames are left out, and those above the panic")
}

//go:noinline
func panics() { panic("boom") }

func TestCallerStackSkips(t *testing.T) {
	function := func(skip int) string {
		var s stack
		for line := range strings.SplitSeq(string(callerStack(skip)), "\n") {
			s.frames = append(s.frames, frame{function: line})
		}
		return s.frames[0].function
	}
	// All callers here are our own except for the test runner.
	assert.Contains(t, function(0), "testing.tRunner")
	assert.Contains(t, string(callerStack(1)), "testing.tRunner")
	assert.Empty(t, callerStack(100))
}

func FuzzLeafFirst(f *testing.F) {
	f.Add(panicStack)
	f.Add("goroutine 1 [running]:\n\n")
	f.Add("goroutine 1 [running]:\n(\n\t:")
	f.Fuzz(func(t *testing.T, s string) {
		got := leafFirst(s)
		if got != s {
			require.LessOrEqual(t, strings.Count(got, "\n"), maxFrames)
			require.True(t, strings.HasPrefix(got, "at "), got)
		}
	})
}
