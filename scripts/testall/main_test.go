package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlanBecomesGoTest(t *testing.T) {
	p, err := parsePlan(strings.Fields("-p 3 -norace ./b,c . ./b ./c -- -run Crash -timeout 9m"), io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{".", "./b", "./c"}, p.modules)
	assert.Equal(t, strings.Fields("test -json -count=1 -shuffle=on -p 3 -race -run Crash -timeout 9m ./..."), p.command(".", true))
	assert.NotContains(t, p.command("./b", true), "-race")
	assert.NotContains(t, p.command("./c", true), "-race")
	assert.NotContains(t, p.command(".", false), "-race")

	_, err = parsePlan([]string{"-nonsense"}, io.Discard)
	assert.Error(t, err)
}

// module writes a module as small as can be, whose one test has the given body.
func module(t *testing.T, body string) string {
	t.Helper()
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.26\n")
	write(t, dir, "m_test.go", "package m\n\nimport \"testing\"\n\nfunc TestM(t *testing.T) { "+body+" }\n")
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

// runQuietly tests modules with the real go command and returns the last line printed.
func runQuietly(modules ...string) (code int, last string) {
	var stdout strings.Builder
	args := append([]string{"-norace", strings.Join(modules, ",")}, modules...)
	code = run(args, &stdout, io.Discard)
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	return code, lines[len(lines)-1]
}

func TestRunTellsPassFromFailure(t *testing.T) {
	for body, want := range map[string]struct {
		code int
		last string
	}{
		"":                {0, "tests: 1 passed, 0 failed, 0 skipped"},
		"t.Fatal(`no`)":   {1, "tests: 0 passed, 1 failed, 0 skipped"},
		"t.Skip(`later`)": {1, "no test ran"},
		"undefined()":     {1, "tests: 0 passed, 1 failed, 0 skipped"},
	} {
		t.Run(body, func(t *testing.T) {
			code, last := runQuietly(module(t, body))
			assert.Equal(t, want.code, code)
			assert.Equal(t, want.last, last)
		})
	}
}

func TestAModuleThatDoesNotLoadIsAFailure(t *testing.T) {
	good, broken := module(t, ""), module(t, "")
	write(t, broken, "go.mod", "modul example.com/m\n")
	code, last := runQuietly(good, broken)
	assert.Equal(t, 1, code)
	assert.Equal(t, "tests: 1 passed, 1 failed, 0 skipped", last)
}

// An assertion of the race detector's runtime now and then ends a test binary. It is
// no finding, but a second one in a row is not taken for chance.
func TestACrashOfTheRaceDetectorIsTriedOnceMore(t *testing.T) {
	for times, want := range []string{
		"tests: 1 passed, 0 failed, 0 skipped",
		"tests: 1 passed, 0 failed, 0 skipped",
		"tests: 0 passed, 1 failed, 0 skipped",
	} {
		dir := module(t, "")
		write(t, dir, "m_test.go", fmt.Sprintf(`package m

import (
	"fmt"
	"os"
	"testing"
)

func TestA(t *testing.T) {
	runs, _ := os.ReadFile("runs")
	if len(runs) < %d {
		_ = os.WriteFile("runs", append(runs, '.'), 0o600)
		fmt.Fprintln(os.Stderr, "ThreadSanitizer: CHECK failed: tsan_rtl.cpp:346")
		os.Exit(66)
	}
}
`, times))
		code, last := runQuietly(dir)
		assert.Equal(t, want, last, "%d crashes", times)
		assert.Equal(t, times == 2, code != 0, "%d crashes", times)
	}
}
