package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a child process. Its methods may be called from any goroutine.
type Process struct {
	name string
	cmd  *exec.Cmd
	out  *lines
	done chan struct{}
	err  error // of Wait; read it after done
}

// Start starts the program at path. Its standard output and standard error are
// captured together. The caller ends it with Stop or Kill.
func Start(name, path string, args ...string) (*Process, error) {
	// No context ends the process: that is for Stop and Kill.
	cmd := exec.CommandContext(context.Background(), path, args...)
	p := &Process{name: name, cmd: cmd, out: newLines(), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = 5 * time.Second // a grandchild may hold the output open
	dieWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// Linux ties a child's life to the thread that started it, not to the
		// process. The thread is therefore kept until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		p.out.close()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("harness: start %s: %w", name, err)
	}
	return p, nil
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process is gone and its output was read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Output returns the last lines that the process wrote.
func (p *Process) Output() string { return p.out.String() }

// Err returns how the process ended, nil for exit code 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// WaitLine waits for a line that starts with prefix and returns the rest of it.
func (p *Process) WaitLine(ctx context.Context, prefix string) (string, error) {
	rest, err := p.out.wait(ctx, prefix)
	if err != nil {
		return "", fmt.Errorf("harness: %s: no line %q: %w; its output:\n%s", p.name, prefix, err, p.Output())
	}
	return rest, nil
}

// Kill ends the process without warning, as kill -9 does, and waits until it is gone.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("harness: kill %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// Stop asks the process to end and waits for it. After grace it is killed, which is
// an error, as is an exit code other than 0.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		// Windows knows no such signal.
		return p.Kill()
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("harness: stop %s: %w; its output:\n%s", p.name, p.err, p.Output())
		}
		return nil
	case <-timer.C:
		return errors.Join(fmt.Errorf("harness: stop %s: still there after %v", p.name, grace), p.Kill())
	}
}
