package harness

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
)

const (
	keptLines = 200
	keptLine  = 4096 // bytes
)

// lines keeps the last lines of a stream and lets others wait for one (H2).
type lines struct {
	mu      sync.Mutex
	kept    []string
	partial []byte
	closed  bool
	changed chan struct{} // closed and replaced at each change
}

func newLines() *lines { return &lines{changed: make(chan struct{})} }

// Write takes what the process wrote. It never fails.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		room := max(0, keptLine-len(l.partial))
		l.partial = append(l.partial, line[:min(room, len(line))]...)
		if ended {
			l.end()
		}
		rest = after
	}
	return len(p), nil
}

// end completes the partial line. The caller holds mu.
func (l *lines) end() {
	if len(l.kept) == keptLines {
		l.kept = append(l.kept[:0], l.kept[1:]...)
	}
	l.kept = append(l.kept, strings.TrimSuffix(string(l.partial), "\r"))
	l.partial = l.partial[:0]
	l.wake()
}

func (l *lines) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// close marks the end of the stream.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.partial) > 0 {
		l.end()
	}
	l.closed = true
	l.wake()
}

// String returns the lines that are kept.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.kept, "\n")
}

// find returns the rest of the first kept line with the prefix. If there is none it
// returns the channel to wait on, nil if no line will follow.
func (l *lines) find(prefix string) (rest string, ok bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.kept {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest, true, nil
		}
	}
	if l.closed {
		return "", false, nil
	}
	return "", false, l.changed
}

func (l *lines) wait(ctx context.Context, prefix string) (string, error) {
	for {
		rest, ok, changed := l.find(prefix)
		if ok {
			return rest, nil
		}
		if changed == nil {
			return "", io.ErrUnexpectedEOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
