package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action  string
	Package string
	Test    string // empty for the package as a whole
	Output  string
	Elapsed float64 // seconds
	Key     string  // of a test's attribute, and its Value
	Value   string
}

// reporter turns events into what a person wants to see: one line per package, the full
// output of what failed and of nothing else, and the totals.
type reporter struct {
	w       io.Writer
	running map[string]*progress // by package; packages tested at once mix their events
	seconds map[string]float64   // by package that has ended
	skips   []string
	faults  faults // what tests say they have shown

	modules, passed, failed, skipped int

	failedBefore int // failed, when the current module began

	crashed []string // packages in which the race detector crashed, to be tested again
	retried bool     // they have been: a second crash counts
}

// progress is what a package has said so far.
type progress struct {
	outputs map[string][]string // of tests that have not ended; "" is the package's own
	failed  bool
}

func newReporter(w io.Writer) *reporter {
	return &reporter{w: w, running: map[string]*progress{}, seconds: map[string]float64{}, faults: faults{}}
}

// line takes one line of the stream. What is not an event comes from the go command
// itself and is shown as it is.
func (r *reporter) line(line []byte) {
	var e event
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &e) != nil {
		r.print(string(line))
		return
	}
	if e.Action == "build-output" { // carries no package
		r.print(e.Output)
		return
	}
	p := r.running[e.Package]
	if p == nil {
		p = &progress{outputs: map[string][]string{}}
		r.running[e.Package] = p
	}
	switch {
	case e.Action == "output":
		p.outputs[e.Test] = append(p.outputs[e.Test], e.Output)
	case e.Test != "":
		r.testEvent(p, e)
	default:
		r.packageEvent(p, e)
	}
}

func (r *reporter) testEvent(p *progress, e event) {
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
		r.skips = append(r.skips, short(e.Package)+"."+e.Test+": "+skipReason(p.outputs[e.Test]))
	case "fail":
		r.failed++
		p.failed = true
		r.dump(p.outputs[e.Test])
	case "attr":
		if e.Key == faultKey {
			r.faults.add(e.Value)
		}
		return
	default: // run, pause, cont
		return
	}
	delete(p.outputs, e.Test)
}

func (r *reporter) packageEvent(p *progress, e event) {
	switch e.Action {
	case "pass", "skip":
		for _, out := range p.outputs[""] {
			if strings.HasPrefix(out, "ok ") || strings.HasPrefix(out, "? ") {
				r.print(out)
			}
		}
	case "fail":
		if !p.failed && !r.retried && detectorCrashed(p.outputs) {
			r.crashed = append(r.crashed, e.Package)
			break
		}
		// What is still here was said outside any test that ended: by tests that a panic
		// or a time-out cut short, by TestMain, or by the build.
		if !p.failed {
			r.failed++
		}
		for _, test := range slices.Backward(slices.Sorted(maps.Keys(p.outputs))) {
			r.dump(p.outputs[test])
		}
	default: // start
		return
	}
	r.seconds[e.Package] = e.Elapsed
	delete(r.running, e.Package)
}

// detectorCrashed reports whether an assertion of the race detector's own runtime
// ended the test binary. It is no report of a race, and another run has none.
func detectorCrashed(outputs map[string][]string) bool {
	for _, lines := range outputs {
		for _, out := range lines {
			if strings.Contains(out, "ThreadSanitizer: CHECK failed") {
				return true
			}
		}
	}
	return false
}

// takeCrashed returns the packages to be tested once more in this module. From here
// to its end a crash is a failure.
func (r *reporter) takeCrashed() []string {
	again := r.crashed
	r.crashed, r.retried = nil, true
	return again
}

func (r *reporter) dump(outputs []string) {
	for _, out := range outputs {
		if !strings.HasPrefix(out, "=== ") {
			r.print(out)
		}
	}
}

// skipReason is the last thing that a skipped test said, in one line.
func skipReason(outputs []string) string {
	for _, out := range slices.Backward(outputs) {
		out = strings.TrimSpace(out)
		if out != "" && !strings.HasPrefix(out, "--- SKIP") && !strings.HasPrefix(out, "=== ") {
			return out
		}
	}
	return "no reason given"
}

// endModule notes how go test ended. A failure that no event told of, such as a go.mod
// that does not parse, still counts as one.
func (r *reporter) endModule(name string, err error) {
	if err != nil && r.failed == r.failedBefore {
		r.failed++
		r.print(fmt.Sprintf("FAIL\t%s: go test: %v\n", name, err))
	}
	r.modules++
	r.retried = false
	r.failedBefore = r.failed
}

// close prints what was shown and the totals, and returns the exit code.
func (r *reporter) close(took time.Duration, allFaults bool) int {
	r.print("\n")
	r.faults.write(r.w, allFaults)
	for _, skip := range r.skips {
		r.print("skipped: " + skip + "\n")
	}
	r.print(fmt.Sprintf("modules: %d, packages: %d, time: %s, slowest: %s\n",
		r.modules, len(r.seconds), took.Round(time.Second), r.slowest(3)))
	if r.passed+r.failed == 0 {
		r.print("no test ran\n")
		return 1
	}
	r.print(fmt.Sprintf("tests: %d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped))
	if r.failed > 0 {
		return 1
	}
	return 0
}

func (r *reporter) slowest(n int) string {
	names := slices.SortedFunc(maps.Keys(r.seconds), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.seconds[b], r.seconds[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(n, len(names))] {
		parts = append(parts, fmt.Sprintf("%s %.1fs", short(name), r.seconds[name]))
	}
	return strings.Join(parts, ", ")
}

// short drops what all packages of the repository begin with.
func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/ledger-sdk/ledger-go/")
}

func (r *reporter) print(s string) { fmt.Fprint(r.w, s) }
