package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// feed gives a stream to a reporter as one module whose go test ended with err.
func feed(err error, lines ...string) (code int, out string) {
	var w strings.Builder
	r := newReporter(&w)
	for _, line := range lines {
		r.line([]byte(line + "\n"))
	}
	r.endModule("./m", err)
	code = r.close(90*time.Second, false)
	return code, w.String()
}

var errExit = errors.New("exit status 1")

func TestPassingTestsAreCountedAndNotShown(t *testing.T) {
	code, out := feed(
		nil,
		`{"Action":"start","Package":"p"}`,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Output":"PASS\n"}`,
		`{"Action":"output","Package":"p","Output":"ok  \tp\t1.5s\n"}`,
		`{"Action":"pass","Package":"p","Elapsed":1.5}`,
		`{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}`,
		`{"Action":"skip","Package":"q"}`,
	)
	assert.Zero(t, code)
	assert.Equal(t, "ok  \tp\t1.5s\n?   \tq\t[no test files]\n\n"+
		"modules: 1, packages: 2, time: 1m30s, slowest: p 1.5s, q 0.0s\ntests: 1 passed, 0 failed, 0 skipped\n", out)
}

func TestFailedTestsAreShownWithTheirOutput(t *testing.T) {
	code, out := feed(
		errExit,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"of A\n"}`,
		`{"Action":"output","Package":"q","Test":"TestA","Output":"of q\n"}`, // packages mix
		`{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}`,
		`{"Action":"output","Package":"p","Test":"TestB","Output":"b_test.go:1: wrong\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestB"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
		`{"Action":"fail","Package":"p"}`,
		`{"Action":"pass","Package":"q","Test":"TestA"}`,
		`{"Action":"pass","Package":"q"}`,
	)
	assert.Equal(t, 1, code)
	assert.True(t, strings.HasPrefix(out, "b_test.go:1: wrong\nFAIL\tp\t0.1s\n\n"), out)
	assert.Contains(t, out, "tests: 2 passed, 1 failed, 0 skipped\n")
}

func TestSkippedTestsAreNamedWithTheirReason(t *testing.T) {
	code, out := feed(
		nil,
		`{"Action":"output","Package":"github.com/ledger-sdk/ledger-go/wal","Test":"TestA","Output":"=== RUN   TestA\n"}`,
		`{"Action":"output","Package":"github.com/ledger-sdk/ledger-go/wal","Test":"TestA","Output":"    a_test.go:7: needs root\n"}`,
		`{"Action":"output","Package":"github.com/ledger-sdk/ledger-go/wal","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}`,
		`{"Action":"skip","Package":"github.com/ledger-sdk/ledger-go/wal","Test":"TestA"}`,
		`{"Action":"skip","Package":"p","Test":"TestB"}`,
		`{"Action":"pass","Package":"p","Test":"TestC"}`,
	)
	assert.Zero(t, code)
	assert.Contains(t, out, "skipped: wal.TestA: a_test.go:7: needs root\n")
	assert.Contains(t, out, "skipped: p.TestB: no reason given\n")
	assert.Contains(t, out, "tests: 1 passed, 0 failed, 2 skipped\n")
}

func TestFailuresOutsideTestsCount(t *testing.T) {
	for name, row := range map[string]struct {
		lines []string
		want  string
	}{
		"panic in a test": {[]string{
			`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}`,
			`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
			`{"Action":"fail","Package":"p"}`,
		}, "panic: boom\nFAIL\tp\t0.1s\n"},
		"leak found by TestMain": {[]string{
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"output","Package":"p","Output":"leaked goroutine\n"}`,
			`{"Action":"fail","Package":"p"}`,
		}, "leaked goroutine\n"},
		"build": {[]string{
			`{"ImportPath":"p","Action":"build-output","Output":"x.go:1: syntax error\n"}`,
			`{"ImportPath":"p","Action":"build-fail"}`,
			`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
			`{"Action":"fail","Package":"p","FailedBuild":"p"}`,
		}, "x.go:1: syntax error\nFAIL\tp [build failed]\n"},
		"go command": {[]string{"go: cannot load module"}, "go: cannot load module\nFAIL\t./m: go test: exit status 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := feed(errExit, row.lines...)
			assert.Equal(t, 1, code)
			assert.True(t, strings.HasPrefix(out, row.want+"\n"), out)
			assert.Contains(t, out, " 1 failed,")
		})
	}
}

func TestARunWithoutTestsFails(t *testing.T) {
	code, out := feed(nil, `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s [no tests to run]\n"}`, `{"Action":"pass","Package":"p"}`)
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "no test ran\n")
}

func TestFailuresOfOneModuleDoNotHideInTheNext(t *testing.T) {
	var w strings.Builder
	r := newReporter(&w)
	r.line([]byte(`{"Action":"fail","Package":"p","Test":"TestA"}`))
	r.endModule("./one", errExit)
	r.endModule("./two", errExit)
	assert.Equal(t, 1, r.close(0, false))
	assert.Contains(t, w.String(), "tests: 0 passed, 2 failed, 0 skipped\n")
}

func TestFaultsAreShownOnOneLineEach(t *testing.T) {
	attr := func(test, value string) string {
		return `{"Action":"attr","Package":"p","Test":"` + test + `","Key":"fault","Value":"` + value + `"}`
	}
	_, out := feed(
		nil,
		attr("TestB", "power cut | model: 9 cuts"), attr("TestA", "EIO | 3 points"), attr("TestC", "power cut | ext4: 5 cuts"),
		attr("TestD", "new fault | 1 point"),
		`{"Action":"attr","Package":"p","Test":"TestA","Key":"other","Value":"EIO | not this"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"pass","Package":"p"}`,
	)
	assert.Contains(t, out, "\npower cut  ext4: 5 cuts; model: 9 cuts\nEIO        3 points\nnew fault  1 point\nmodules:")
}

func TestFaultsThatNobodyShowedAreNamedWhenAsked(t *testing.T) {
	var w strings.Builder
	faults{"EIO": {"3 points"}}.write(&w, true)
	assert.Contains(t, w.String(), "power cut                     nothing was shown")
	assert.Contains(t, w.String(), "EIO                           3 points\n")
	assert.Equal(t, len(faultRows), strings.Count(w.String(), "\n"))
}
