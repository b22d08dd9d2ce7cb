//go:build linux && (amd64 || arm64)

package syscalls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// ran is what a child did behind the gate.
type ran struct {
	trace  []call
	said   []string
	killed *call // nil if it ended by itself
	exit   int   // its exit code then
	output string
}

// points are the calls of a run at which another can be killed or made to fail.
func (r ran) points(count func(call) bool) int {
	n := 0
	for _, c := range r.trace {
		if c.window && count(c) {
			n++
		}
	}
	return n
}

// heard tells whether the child said a line.
func (r ran) heard(line string) bool {
	return slices.Contains(r.said, line)
}

func (r ran) String() string {
	var b strings.Builder
	for i, c := range r.trace {
		fmt.Fprintf(&b, "%3d %s\n", i+1, c)
	}
	return b.String() + r.output
}

// behindGate runs a program with its calls on dir in the hands of decide.
func behindGate(t *testing.T, dir string, args, env []string, decide func(call) verdict) ran {
	t.Helper()
	r, err := tryGate(t.Context(), dir, args, env, decide)
	require.NoError(t, err, "%v", r)
	return r
}

func tryGate(ctx context.Context, dir string, args, env []string, decide func(call) verdict) (ran, error) {
	self, err := os.Executable()
	if err != nil {
		return ran{}, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ran{}, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), append(env, roleEnv+"="+roleGate,
		// Preemption by signals would interrupt calls that wait at the gate, and they
		// would come a second time.
		"GODEBUG=asyncpreemptoff=1",
		// The race detector waits for a second when a program ends.
		"GORACE=atexit_sleep_ms=0")...)
	cmd.ExtraFiles = []*os.File{theirs}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return ran{}, err
	}
	g := &gate{dir: dir, pid: cmd.Process.Pid, decide: decide}
	listener, err := receive(ours)
	if err == nil {
		err = errors.Join(g.serve(listener), unix.Close(listener))
	}
	if err != nil {
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait() // How it ended is in its state.
	r := ran{trace: g.trace, said: g.said, killed: g.killed, exit: cmd.ProcessState.ExitCode(), output: output.String()}
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case err != nil:
		return r, fmt.Errorf("%w: %s", err, output.String())
	case ctx.Err() != nil:
		return r, fmt.Errorf("it did not end: %w", ctx.Err())
	case status.Signaled() != (r.killed != nil):
		return r, fmt.Errorf("it ended by itself: %s", cmd.ProcessState)
	}
	return r, nil
}

// tried returns how many records the child tried to log, as far as it said.
func (r ran) tried() (n int) {
	for _, line := range r.said {
		if rest, ok := strings.CutPrefix(line, "tried "); ok {
			n = number(rest)
		}
	}
	return n
}
