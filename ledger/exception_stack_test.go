package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

type (
	pc        uintptr
	tracing   struct{ stack []pc }
	calling   struct{ pcs []uintptr }
	framing   struct{ frames []runtime.Frame }
	likeFrame struct {
		Func, Path string
		Line       int
	}
	pointing   struct{ frames []*likeFrame }
	texting    struct{ lines []string }
	formatting struct{ text string }
	tracePanic struct{}
	traceArgs  struct{}
	around     struct {
		error
		stack []pc
	}
)

func (e tracing) Error() string                 { return "t" }
func (e tracing) StackTrace() []pc              { return e.stack }
func (e calling) Error() string                 { return "c" }
func (e calling) Callers() []uintptr            { return e.pcs }
func (e framing) Error() string                 { return "f" }
func (e framing) StackFrames() []runtime.Frame  { return e.frames }
func (e pointing) Error() string                { return "p" }
func (e pointing) StackTrace() []*likeFrame     { return e.frames }
func (e texting) Error() string                 { return "x" }
func (e texting) StackTrace() []string          { return e.lines }
func (e formatting) Error() string              { return "v" }
func (e formatting) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, e.text) }
func (tracePanic) Error() string                { return "p" }
func (tracePanic) StackTrace() []pc             { panic("boom") }
func (traceArgs) Error() string                 { return "a" }
func (traceArgs) StackTrace(int) []pc           { return []pc{1} }
func (e around) Unwrap() error                  { return e.error }
func (e around) StackTrace() []pc               { return e.stack }

// callerPCs returns program counters of itself, its caller and those above it.
func callerPCs() []uintptr {
	pcs := make([]uintptr, 10)
	return pcs[:runtime.Callers(1, pcs)]
}

// fromInit is an error as a package keeps it in a variable.
var fromInit = calling{callerPCs()}

func TestTheStackOfTheInnermostErrorIsTaken(t *testing.T) {
	here := callerPCs()
	var stack []pc
	for _, p := range here {
		stack = append(stack, pc(p))
	}
	want := pcStack(here)
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, want)
	const made = "at example.com/shop.(*Cart).Pay(cart.go:12)\nat main.main(main.go:3)"
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"none", errors.New("x"), ""},
		{"github.com/pkg/errors", tracing{stack}, want},
		{"github.com/go-errors/errors", calling{here}, want},
		{"github.com/samber/oops", framing{[]runtime.Frame{
			{Function: "example.com/shop.(*Cart).Pay", File: "/src/cart.go", Line: 12},
			{Function: "main.main", File: "/src/main.go", Line: 3},
			{Function: "runtime.main", File: "proc.go", Line: 9},
		}}, made},
		{"frames of another type", pointing{[]*likeFrame{{"example.com/shop.(*Cart).Pay", "/src/cart.go", 12}, nil, {"", "x", 1}, {"main.main", `C:\main.go`, 3}}}, ""},
		{"frames of another type, by pointer", pointing{[]*likeFrame{{"example.com/shop.(*Cart).Pay", "/src/cart.go", 12}, {"", "x", 1}, {"main.main", `C:\main.go`, 3}}}, made},
		{"lines", texting{[]string{"main.main:3"}}, ""},
		{"%+v", formatting{"failed\nexample.com/shop.(*Cart).Pay\n\t/src/cart.go:12\nmain.main\n\t/src/main.go:3\nruntime.main\n\t/x/proc.go:9"}, made},
		{"golang.org/x/xerrors", formatting{"failed:\n    main.main\n        /src/main.go:3\n  - why:\n    main.f\n        /src/f.go:1"}, "at main.main(main.go:3)"},
		{"%+v without one", formatting{"failed: a.b\n c:3"}, ""},
		{"wrapped", fmt.Errorf("x: %w", tracing{stack}), want},
		{"the inner one", around{tracing{stack}, stack[:1]}, want},
		{"the outer one if there is no other", around{errors.New("x"), stack}, want},
		{"the first of the joined", errors.Join(errors.New("x"), tracing{stack}, formatting{"a.B\n\t/b.go:1"}), want},
		{"of a package's variable", fromInit, ""},
		{"around a package's variable", around{fromInit, stack}, want},
		{"without frames", tracing{}, ""},
		{"panics", tracePanic{}, ""},
		{"unwrapping panics", &wrapPanics{tracing{stack}}, ""},
		{"another method of that name", traceArgs{}, ""},
		{"nonsense", calling{[]uintptr{0, 1, ^uintptr(0)}}, ""},
		{"nil in an interface", (*nilError)(nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, errorStack(c.err)) })
	}
}

func TestACarriedStackIsBounded(t *testing.T) {
	pcs := make([]uintptr, 1<<20)
	here := callerPCs()
	for i := range pcs {
		pcs[i] = here[len(here)-2] // the test runner's
	}
	lines := strings.Split(errorStack(calling{pcs}), "\n")
	assert.Len(t, lines, maxFrames+1)
	assert.Equal(t, fmt.Sprintf("... %d more", maxFrames), lines[maxFrames])
}

func TestAStackFromInitializationIsKnownByItsRoot(t *testing.T) {
	for root, want := range map[string]bool{
		"main.init":                   true,
		"example.com/a.b/shop.init":   true,
		"example.com/shop.init.0":     true,
		"example.com/shop%2ev2.init":  true,
		"example.com/shop.initialize": false,
		"main.(*server).init":         false,
		"example.com/init.Run":        false,
		"main.main":                   false,
	} {
		s := stack{}
		s.add(frame{"main.newError", "x.go", 1})
		s.add(frame{root, "x.go", 2})
		assert.Equal(t, want, s.isInitialization(), root)
	}
	assert.False(t, new(stack).isInitialization())
}
