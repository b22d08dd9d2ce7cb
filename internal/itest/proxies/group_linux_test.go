package proxies

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// group is a program with the processes that it starts: a process group of its own, so
// that they can be killed together, by an id that is theirs.
type group struct {
	leader *os.Process
	done   chan struct{}
	err    error // of the leader; read it after done
}

func startGroup(t *testing.T, output *os.File, path string, args ...string) *group {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = output, output
	// If the tests die the leader is asked to end, and ends the others. A SIGKILL would
	// leave them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	g := &group{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ties the leader's life to the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		g.leader = cmd.Process
		started <- err
		if err == nil {
			g.err = cmd.Wait()
			close(g.done)
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() { g.kill(t) })
	return g
}

func (g *group) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, g.leader.Signal(s))
}

// kill ends all of them without warning.
func (g *group) kill(t *testing.T) {
	t.Helper()
	select {
	case <-g.done:
		return // The leader goes last, and its id may be another's by now.
	default:
	}
	if err := syscall.Kill(-g.leader.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		require.NoError(t, err)
	}
	<-g.done
}

// wait returns when the leader has ended by itself, without an error.
func (g *group) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.done:
		require.NoError(t, g.err)
	case <-time.After(time.Minute):
		require.FailNow(t, "nginx does not end")
	}
}
