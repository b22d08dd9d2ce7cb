package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

// childMode makes this test binary one of the programs that the tests need.
const childMode = "LEDGER_E2E_CHILD"

// serviceBin is the path of the built service, for the tests of this process.
const serviceBin = "LEDGER_E2E_SERVICE"

func TestMain(m *testing.M) {
	var code int
	var err error
	switch os.Getenv(childMode) {
	case "collector":
		err = runCollector(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	case "sequence":
		err = runSequence(os.Args[1], os.Args[2], os.Args[3])
	default:
		code, err = runTests(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// runTests builds the service once for all tests.
func runTests(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "ledger-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	bin, err := harness.Build(ctx, filepath.Join("..", "..", ".."), "./examples/service", filepath.Join(dir, "service"))
	if err != nil {
		return 0, err
	}
	if err := os.Setenv(serviceBin, bin); err != nil {
		return 0, err
	}
	if code = m.Run(); code != 0 {
		return code, nil
	}
	return 0, goleak.Find()
}

// child starts this binary in another mode.
func child(t *testing.T, mode string, args ...string) *harness.Process {
	t.Helper()
	t.Setenv(childMode, mode)
	p, err := harness.Start(mode, os.Args[0], args...)
	require.NoError(t, os.Unsetenv(childMode))
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

// freeAddr is a loopback address to start servers on, again and again.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	require.NoError(t, err)
	return addr
}

// within bounds a wait. A test that needs longer has failed.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// pause lets the load and the processes go on for a while.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// service is examples/service as a process, started on the same port and directory
// each time.
type service struct {
	t    *testing.T
	addr string
	args []string
	proc *harness.Process
}

// startService starts it with a short flush interval, so that a test of seconds sees
// many requests.
func startService(t *testing.T, endpoint string, args ...string) *service {
	t.Helper()
	t.Setenv("LEDGER_FLUSH_INTERVAL", "200ms")
	s := &service{t: t, addr: freeAddr(t), args: append([]string{"-dir", t.TempDir(), "-endpoint", endpoint}, args...)}
	s.start()
	return s
}

func (s *service) start() {
	s.t.Helper()
	var err error
	s.proc, err = harness.Start("service", os.Getenv(serviceBin), append([]string{"-addr", s.addr}, s.args...)...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = s.proc.Kill() })
	s.addr, err = s.proc.WaitLine(within(s.t, 30*time.Second), "listening on http://")
	require.NoError(s.t, err)
}

func (s *service) url(path string) string { return "http://" + s.addr + path }

// follow watches one life of the service.
func (s *service) follow() *harness.Watch {
	w := harness.Follow(s.url("/debug/ledger"), 20*time.Millisecond)
	s.t.Cleanup(w.Stop)
	return w
}

// killUnderWatch ends a life and returns what is proven of it.
func (s *service) killUnderWatch(w *harness.Watch) life {
	s.t.Helper()
	w.Stop()
	require.NoError(s.t, s.proc.Kill())
	return life{until: time.Now(), cutoff: w.Cutoff()}
}

// drain waits until the service delivered everything.
func (s *service) drain() harness.Counters {
	s.t.Helper()
	c, err := harness.Drain(within(s.t, 60*time.Second), s.url("/debug/ledger"))
	require.NoError(s.t, err, "%s", s.proc.Output())
	return c
}

// life is a time from a start to a kill.
type life struct {
	until  time.Time
	cutoff time.Time // what was answered before it was synced
}

// audit checks the answers of each life by what is proven of it.
func audit(answers []harness.Answer, lives []life, stored map[string]int) harness.Audit {
	var sum harness.Audit
	for _, l := range lives {
		n := 0
		for n < len(answers) && answers[n].At.Before(l.until) {
			n++
		}
		sum = sum.Add(harness.Check(answers[:n], stored, l.cutoff))
		answers = answers[n:]
	}
	return sum
}

// list shows the first few of a long list.
func list(ids []string) string { return strings.Join(ids[:min(len(ids), 5)], ", ") }
