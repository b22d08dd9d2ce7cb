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
		{
			"a crash", "panic: boom\n\tgoroutine running on other thread\n\ngoroutine 7 gp=0x1 m=0 [running]:\nmain.f(0x1)\n\t/a.go:3 +0x1\n\ngoroutine 8 [select]:\nmain.g()\n\t/b.go:4 +0x1\n",
			"at main.f(a.go:3)",
		},
		{"with labels", "goroutine 1 [running labels:{\"job\": \"a b\"}]:\nmain.f()\n\t/a.go:3 +0x1\n", "at main.f(a.go:3)"},
		{"zap's", "main.f\n\t/src/a.go:3\nmain.(*T).g\n\t/src/b.go:4\nruntime.main\n\t/x/proc.go:5", "at main.f(a.go:3)\nat main.(*T).g(b.go:4)"},
		{"of pkg/errors, below its text, the inner one", "no\tsuch file\nmain.f\n\t/src/a.go:3\nwhile paying\nmain.g\n\t/src/b.go:4", "at main.f(a.go:3)"},
		{"Java's", "java.lang.Exception: no\n\tat a.B.c(B.java:3)\n\tat a.B.d(B.java:4)", "java.lang.Exception: no\n\tat a.B.c(B.java:3)\n\tat a.B.d(B.java:4)"},
		{"Node's", "Error: no\n    at f (/a.js:3:1)\n    at /b.js:4:1", "Error: no\n    at f (/a.js:3:1)\n    at /b.js:4:1"},
		{"a list", "total: 2\n\tfailed: a.b\n\tretry:3", "total: 2\n\tfailed: a.b\n\tretry:3"},
		{"a list of one depth", "\ta.b\n\tc:3", "\ta.b\n\tc:3"},
		{"our tests are no library", "goroutine 1 [running]:\n" + own + "middleware/gin_test.F()\n\t/x/y.go:1 +0x1\n" + own + "middleware/gin.G()\n\t/x/y.go:1 +0x1\n" + own + "bridge/zap.H()\n\t/x/y.go:1 +0x1\n", "at " + own + "middleware/gin_test.F(y.go:1)"},
		{"a map of the runtime", "goroutine 1 [running]:\npanic({0x1, 0x2})\n\t/p.go:1\ninternal/runtime/maps.(*Map).PutSlot(0x1)\n\t/m.go:1 +0x1\nmain.f()\n\t/a.go:3 +0x1\n", "at main.f(a.go:3)"},
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

// Whatever a function and its file are called, the server finds the frame.
func TestTheServerFindsEachFrame(t *testing.T) {
	for _, c := range []struct {
		name string
		f    frame
		want string
		file string
	}{
		{"function", frame{"main.main", "/src/main.go", 3}, "at main.main(main.go:3)", "main.go"},
		{"method", frame{"example.com/shop.(*Cart).Pay", "/src/cart.go", 12}, "at example.com/shop.(*Cart).Pay(cart.go:12)", "cart.go"},
		{"method value", frame{"example.com/shop.(*Cart).Pay-fm", "/src/cart.go", 12}, "at example.com/shop.(*Cart).Pay-fm(cart.go:12)", "cart.go"},
		{"closure", frame{"main.main.func1.2", "/src/main.go", 3}, "at main.main.func1.2(main.go:3)", "main.go"},
		{"range over a function", frame{"main.main-range1", "/src/main.go", 3}, "at main.main-range1(main.go:3)", "main.go"},
		{"deferred", frame{"main.main.deferwrap1", "/src/main.go", 3}, "at main.main.deferwrap1(main.go:3)", "main.go"},
		{"generic", frame{"example.com/shop.Map[...]", "/src/map.go", 7}, "at example.com/shop.Map[...](map.go:7)", "map.go"},
		{"method of a generic type", frame{"example.com/shop.(*List[...]).Push", "/src/list.go", 7}, "at example.com/shop.(*List[...]).Push(list.go:7)", "list.go"},
		{"dots in an import path", frame{"gopkg.in/yaml%2ev3.Unmarshal", "/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/yaml.go", 7}, "at gopkg.in/yaml.v3.Unmarshal(yaml.go:7)", "yaml.go"},
		{"vendored", frame{"vendor/golang.org/x/net/http2/hpack.F", "/usr/lib/go/src/vendor/golang.org/x/net/http2/hpack/f.go", 7}, "at vendor/golang.org/x/net/http2/hpack.F(f.go:7)", "f.go"},
		{"cgo", frame{"main._Cfunc_compute", "_cgo_gotypes.go", 42}, "at main._Cfunc_compute(_cgo_gotypes.go:42)", "_cgo_gotypes.go"},
		{"assembly", frame{"crypto/sha256.block", "/x/sha256block_amd64.s", 42}, "at crypto/sha256.block(sha256block_amd64.s:42)", "sha256block_amd64.s"},
		{"made by the compiler", frame{"main.(*T).F", "<autogenerated>", 1}, "at main.(*T).F(<autogenerated>:1)", "<autogenerated>"},
		{"no file", frame{"main.f", "", 0}, "at main.f(.:0)", "."},
		{"space in a file", frame{"main.f", "/My Files/my file.go", 3}, "at main.f(my file.go:3)", "my file.go"},
		{"parentheses in a file", frame{"main.f", "/src/main (1).go", 3}, "at main.f(main _1_.go:3)", "main _1_.go"},
		{"colons in a file", frame{"main.f", "/src/a (b:1:2).go", 3}, "at main.f(a _b_1_2_.go:3)", "a _b_1_2_.go"},
		{"line break in a file", frame{"main.f", "/src/a\nb.go", 3}, "at main.f(a_b.go:3)", "a_b.go"},
		{"Windows", frame{"main.f", `C:\src\main.go`, 3}, "at main.f(main.go:3)", "main.go"},
		{"no word", frame{"f (x:1:2)\n", "/src/a.go", 3}, "at f_(x:1:2)_(a.go:3)", "a.go"},
		{"unicode", frame{"main.größe", "/src/größe.go", 3}, "at main.größe(größe.go:3)", "größe.go"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := stack{frames: []frame{c.f, {"main.next", "n.go", 1}}}
			text := s.text()
			assert.Equal(t, c.want+"\nat main.next(n.go:1)", text)
			assert.Empty(t, nodeFrame.FindAllString(text, -1), "the server would take it for Node's")
			frames := javaFrame.FindAllStringSubmatch(text, -1)
			require.Len(t, frames, 2)
			assert.Equal(t, []string{c.file, fmt.Sprint(c.f.line)}, frames[0][1:])
		})
	}
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
