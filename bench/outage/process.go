package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// process is one that logs.
type process struct {
	cmd    *exec.Cmd
	orders io.Closer
	ready  chan struct{} // closed when it said so
	gone   chan struct{} // closed when it is gone and everything it said was read
	stderr tail

	// Of the reader; read them after gone.
	calls   []call
	readErr error // a report that was not understood
	err     error // that, or how it ended
}

// start starts this program again with a job, and waits until its library is open.
func start(ctx context.Context, j job) (*process, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self), ready: make(chan struct{}), gone: make(chan struct{})}
	p.cmd.Env = append(environment(), jobEnv+"="+string(text))
	p.cmd.Stderr = &p.stderr
	if p.orders, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	report, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(report)

	opening := time.NewTimer(time.Minute)
	defer opening.Stop()
	select {
	case <-p.ready:
		return p, nil
	case <-p.gone:
		err = p.err
	case <-opening.C:
		err = errors.New("not ready in time")
	}
	return nil, errors.Join(err, p.kill())
}

// environment is what a process needs of ours: none of the variables that libraries
// are configured with, no proxy.
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// read takes every line until the last writer of the pipe is gone. What a process
// wrote before it was killed is still there.
func (p *process) read(report io.Reader) {
	defer close(p.gone)
	lines := bufio.NewScanner(report)
	for lines.Scan() {
		if lines.Text() == readyLine {
			close(p.ready)
			continue
		}
		c, err := parseCall(lines.Text())
		if err != nil {
			p.readErr = errors.Join(p.readErr, err)
			continue
		}
		p.calls = append(p.calls, c)
	}
	p.readErr = errors.Join(p.readErr, lines.Err())
	p.err = p.readErr
	if err := p.cmd.Wait(); err != nil {
		p.err = errors.Join(p.err, fmt.Errorf("%w; it said:\n%s", err, p.stderr.String()))
	}
}

// stop asks the process to shut its library down, and waits until it is gone.
func (p *process) stop() error {
	if err := p.orders.Close(); err != nil {
		return errors.Join(err, p.kill())
	}
	patience := time.NewTimer(shutdownTime + 20*time.Second)
	defer patience.Stop()
	select {
	case <-p.gone:
		return p.err
	case <-patience.C:
		return errors.Join(errors.New("the process did not end"), p.kill())
	}
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.gone
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2048

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = append(t.text[:0], t.text[max(0, len(t.text)-tailBytes):]...)
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
