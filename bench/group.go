package main

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

// durableGroup is the least that a group commit takes: whoever waits adds a record
// to a buffer, and one goroutine writes and syncs what there is.
func durableGroup(dir string, g, n int) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // What it holds is not looked at.
	c := &committer{file: f, some: make(chan struct{}, 1), done: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(c.run)
	b := stored()
	took := spread(g, n, func() { c.add(b) })
	close(c.some)
	all.Wait()
	return took, c.failed
}

type committer struct {
	file *os.File
	some chan struct{} // the buffer is not empty

	mu     sync.Mutex
	buffer []byte
	done   chan struct{} // closed when what is in the buffer is durable
	failed error
}

func (c *committer) add(b []byte) {
	c.mu.Lock()
	c.buffer = append(c.buffer, b...)
	done := c.done
	c.mu.Unlock()
	select {
	case c.some <- struct{}{}:
	default:
	}
	<-done
}

func (c *committer) run() {
	var spare []byte
	for range c.some {
		c.mu.Lock()
		b, done := c.buffer, c.done
		c.buffer, c.done = spare[:0], make(chan struct{})
		c.mu.Unlock()
		_, err := c.file.Write(b)
		if err == nil {
			err = datasync(c.file)
		}
		c.mu.Lock()
		if c.failed == nil {
			c.failed = err
		}
		c.mu.Unlock()
		spare = b
		close(done)
	}
}
