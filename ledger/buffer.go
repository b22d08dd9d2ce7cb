package ledger

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	ringframe "github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/wal"
)

func (c *Client) ringPath() string { return filepath.Join(c.cfg.Dir, "ring") }

// openRing makes the buffer, over a mapped file if that can be had, after what an
// earlier process left in that file has been moved to the log. It cannot fail: a
// buffer in ordinary memory keeps every promise but the one about a kill, and
// Health says so.
func (c *Client) openRing(epoch uint64) {
	err := c.adoptRing(epoch)
	c.told = c.log.Stats().Skipped
	config := ring.Config{
		Epoch: epoch, Resource: c.resource.id, Next: uint64(c.log.Next()), MaxRecords: c.cfg.MaxRecords,
	}
	c.adopted = c.log.Next() - 1
	size := c.cfg.RingBytes &^ 7
	if err == nil {
		c.ring, err = ring.Map(c.ringPath(), size, config)
	}
	if err != nil {
		c.noMap = err
		c.ring = ring.New(make([]byte, size), config)
		c.cfg.Logger.Warn("the buffer does not survive a kill", slog.Any("error", err))
	}
}

// adoptRing moves the records that an earlier process admitted, and did not live
// to spill, to the log, each exactly once: the log has everything before its next
// offset, the ring what follows. The log takes all of them even if the disk takes
// none. On an error the file is left as it is, for a later process to try again.
func (c *Client) adoptRing(epoch uint64) error {
	if found, err := ring.PeekEpoch(c.ringPath()); err != nil || (found != 0 && found != epoch) {
		return errors.Join(err, c.setRingAside())
	}
	left, err := ring.ReadLeftover(c.ringPath(), epoch, uint64(c.log.Next()))
	if err != nil {
		return err
	}
	lost := c.log.Stats().Lost
	for _, run := range left.Runs {
		if failed := c.respill(run); failed != nil {
			if err = failed; !errors.Is(err, wal.ErrPoisoned) {
				return err
			}
		}
	}
	c.log.Lose(wal.Offset(left.Admitted))
	if err == nil && len(left.Runs) > 0 {
		err = c.log.Sync()
	}
	if err != nil {
		return err
	}
	if c.log.Stats().Lost > lost {
		return c.setRingAside()
	}
	return nil
}

// respill appends a run to the log, in blocks of the usual size. It goes on after an
// error of the disk: the log has the records in memory then.
func (c *Client) respill(run ring.Run) (err error) {
	base, rest := wal.Offset(run.Base), run.Frames
	for len(rest) > 0 {
		w := c.log.NewRun()
		h, _, _ := ringframe.Peek(rest)
		n, size := cutBlock(rest)
		w.Fill(append(w.Buffer(), rest[:size]...), base, n, h.Resource)
		if b, ok := c.state.Resource(h.Resource); ok {
			c.log.SetResource(h.Resource, b)
		}
		if failed := c.log.Append(w); failed != nil {
			if err = failed; !errors.Is(err, wal.ErrPoisoned) {
				return err
			}
		}
		base += wal.Offset(n)
		rest = rest[size:]
	}
	return err
}

// cutBlock returns how many of the frames make a block, and their bytes.
func cutBlock(frames []byte) (n, size int) {
	for n < blockRecords && size < len(frames) {
		_, payload, ok := ringframe.Peek(frames[size:])
		next := size + ringframe.Size(payload)
		if !ok || (n > 0 && next > blockBytes) {
			break
		}
		n, size = n+1, next
	}
	return n, size
}

// setRingAside moves a ring file that holds damage, or records of another log, to
// quarantine (W7).
func (c *Client) setRingAside() error {
	dir := filepath.Join(c.cfg.Dir, "quarantine")
	if err := fsx.MkdirAll(dir); err != nil {
		return err
	}
	to, err := fsx.Unused(filepath.Join(dir, fmt.Sprintf("ring-%020d", c.log.Next())))
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(c.ringPath(), to), fsx.SyncDir(c.cfg.Dir))
}

// bufferFault says why the buffer does not survive a kill, "" if it does or if
// nothing else can be had on this platform.
func (c *Client) bufferFault(r ring.Stats) string {
	switch {
	case r.Fault != nil:
		return r.Fault.Error()
	case c.noMap != nil && runtime.GOOS != "windows":
		return c.noMap.Error()
	}
	return ""
}
