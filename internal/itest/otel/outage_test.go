package otel

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	before = 40   // records before the outage, all of which have arrived when it begins
	during = 2000 // at least, and as many again at most
	after  = 40
)

// app is a running application.
type app struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func start(t *testing.T, pipeline, dir, url string) *app {
	t.Helper()
	a := &app{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	a.cmd.Env = append(os.Environ(), pipelineEnv+"="+pipeline, dirEnv+"="+dir, urlEnv+"="+url)
	a.cmd.Stderr = io.Discard // The SDK says there what it gave up.
	var err error
	a.in, err = a.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := a.cmd.StdoutPipe()
	require.NoError(t, err)
	a.lines = bufio.NewScanner(out)
	require.NoError(t, a.cmd.Start())
	return a
}

// emit asks for n records.
func (a *app) emit(t *testing.T, n int) {
	t.Helper()
	_, err := fmt.Fprintf(a.in, "emit %d\n", n)
	require.NoError(t, err)
}

// read reads until n records were emitted, or to the end, and returns how many were.
func (a *app) read(n int) (got int) {
	for got < n && a.lines.Scan() {
		got++
	}
	return got
}

// end lets it shut down as it would on a SIGTERM.
func (a *app) end(t *testing.T) {
	t.Helper()
	require.NoError(t, a.in.Close())
	require.NoError(t, a.cmd.Wait())
}

// result is what became of the records that an application emitted.
type result struct{ emitted, arrived, twice int }

func (r result) lost() int { return r.emitted - r.arrived }

func (r result) String() string {
	return fmt.Sprintf("%7d %7d %7d %6.1f%% %7d", r.emitted, r.arrived, r.lost(), 100*float64(r.lost())/float64(r.emitted), r.twice)
}

// outage runs an application over an outage. It goes on until the server is back and then
// ends, or is killed before and started again.
func outage(t *testing.T, pipeline string, kill bool) result {
	t.Helper()
	s, dir := newServer(t), t.TempDir()
	a := start(t, pipeline, dir, s.url())
	a.emit(t, before)
	emitted := a.read(before)
	require.Equal(t, before, emitted)
	require.Eventually(t, func() bool {
		n, _ := s.has(before)
		return n == before
	}, 30*time.Second, 5*time.Millisecond, "the pipeline works")

	s.down(t)
	if kill {
		a.emit(t, 2*during)
		emitted += a.read(during)
		require.NoError(t, a.cmd.Process.Kill())
		emitted += a.read(2 * during)
		require.Error(t, a.cmd.Wait())
		s.up(t)
		a = start(t, pipeline, dir, s.url())
	} else {
		a.emit(t, during)
		emitted += a.read(during)
		s.up(t)
		a.emit(t, after)
		emitted += a.read(after)
	}
	a.end(t)
	arrived, twice := s.has(emitted)
	return result{emitted, arrived, twice}
}

// Of what Emit of the official SDK took, everything arrives with our processor, and next
// to nothing of the outage with the SDK's own (O1).
func TestAnOutage(t *testing.T) {
	type row struct {
		what, pipeline string
		kill           bool
		result
	}
	rows := []*row{
		{what: "outage", pipeline: official},
		{what: "outage", pipeline: durable},
		{what: "outage, SIGKILL", pipeline: official, kill: true},
		{what: "outage, SIGKILL", pipeline: durable, kill: true},
	}
	t.Run("all", func(t *testing.T) { // It ends when they all have.
		for _, r := range rows {
			t.Run(r.what+" "+r.pipeline, func(t *testing.T) {
				t.Parallel()
				r.result = outage(t, r.pipeline, r.kill)
			})
		}
	})
	if t.Failed() {
		return
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%-16s %-12s %7s %7s %7s %7s %7s\n", "", "", "emitted", "arrived", "lost", "", "twice")
	for _, r := range rows {
		fmt.Fprintf(&table, "%-16s %-12s %s\n", r.what, r.pipeline, r.result)
		t.Attr("comparison", fmt.Sprintf("%s, %s | %d records emitted, %d lost", r.what, r.pipeline, r.emitted, r.lost()))
		assert.GreaterOrEqual(t, r.emitted, before+during)
		if r.pipeline == durable {
			assert.Zero(t, r.lost(), "%s", r.what)
		}
	}
	t.Logf("\n%s", table.String())
	assert.Greater(t, rows[2].lost(), during-1, "this is what %s is for", durable)
}
