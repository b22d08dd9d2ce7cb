//go:build linux

package powercut

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// Sector is the most that a disk writes as one: a cut may fall between any two.
const Sector = 512

// Model says which of the writes since the last flush a cut leaves behind.
type Model int

const (
	// None is a disk whose cache was full of them.
	None Model = iota
	// Some is any of them, in any order, torn at any sector.
	Some
	// All is a disk that had just finished.
	All
	models
)

// String returns none, some or all.
func (m Model) String() string { return [...]string{"none", "some", "all"}[m] }

// Counts are what a disk was asked to do, up to the cut.
type Counts struct {
	Writes, Flushes int
	// Unflushed is how many of the writes no flush followed.
	Unflushed int
}

// Disk is a block device in memory with a volatile cache: what was written counts
// as on the medium only when a flush that began later has returned. It is safe for
// concurrent use.
type Disk struct {
	off     chan struct{} // closed by the cut
	release chan struct{} // closed by Release

	mu       sync.Mutex
	view     Image // what a read returns
	medium   Image // what no cut can take
	cache    []write
	counts   Counts
	cutAt    int // cut at this write; 0 is never
	isOff    bool
	released bool
}

// write is one that no flush has followed, in the order of arrival.
type write struct {
	at   int64
	data []byte
}

// NewDisk returns a disk that holds image.
func NewDisk(image Image) *Disk {
	return &Disk{
		off: make(chan struct{}), release: make(chan struct{}),
		view: image.clone(), medium: image.clone(),
	}
}

// Size returns the size of the disk in bytes.
func (d *Disk) Size() int { return d.view.Size() }

// CutAfter cuts the power at the n-th write from now on.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = d.counts.Writes + n
}

// Cut cuts the power now. From here on every request waits for [Disk.Release]:
// nobody who talks to the disk learns that anything was written, or runs into an
// error that a real cut would not have given anyone the time to see.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
}

// cut needs mu.
func (d *Disk) cut() {
	if !d.isOff {
		d.isOff = true
		close(d.off)
	}
}

// Off returns a channel that is closed when the power is cut.
func (d *Disk) Off() <-chan struct{} { return d.off }

// Release lets those go on who wait for a disk without power. It answers them as a
// good disk would, so that the kernel can let go of it in order; the image that the
// cut left does not change any more. Call it when nobody is left to be fooled.
func (d *Disk) Release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
	if !d.released {
		d.released = true
		close(d.release)
	}
}

// ReadAt fills p from position at, as far as the disk reaches.
func (d *Disk) ReadAt(p []byte, at int64) int {
	d.wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.view.read(p, at)
}

// WriteAt writes p, which it copies, at position at. It reports false, and writes
// nothing, if that is not within the disk. The write at which the power is cut is
// one that may or may not have reached the medium.
func (d *Disk) WriteAt(p []byte, at int64) bool {
	d.wait()
	if !d.write(p, at) {
		return false
	}
	d.wait()
	return true
}

func (d *Disk) write(p []byte, at int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at < 0 || at+int64(len(p)) > int64(d.view.Size()) {
		return false
	}
	d.view.write(p, at)
	if d.isOff {
		return true
	}
	d.cache = append(d.cache, write{at, slices.Clone(p)})
	d.counts.Writes++
	if d.counts.Writes == d.cutAt {
		d.cut()
	}
	return true
}

// Flush makes every write that has returned durable.
func (d *Disk) Flush() {
	d.wait()
	d.flush()
	d.wait()
}

func (d *Disk) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOff {
		return
	}
	for _, w := range d.cache {
		d.medium.write(w.data, w.at)
	}
	d.cache = d.cache[:0]
	d.counts.Flushes++
}

// wait holds up whoever comes after the cut.
func (d *Disk) wait() {
	select {
	case <-d.off:
		<-d.release
	default:
	}
}

// Counts returns what the disk was asked to do, up to the cut.
func (d *Disk) Counts() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counts
	c.Unflushed = len(d.cache)
	return c
}

// Image returns what a cut leaves on the medium, the choices of Some made by r. It
// may be called before the cut and again after it.
func (d *Disk) Image(m Model, r *rand.Rand) Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	image := d.medium.clone()
	for _, w := range d.cache {
		switch m {
		case None:
		case All:
			image.write(w.data, w.at)
		default:
			w.some(image, r)
		}
	}
	return image
}

// some puts a part of the write into the image: all of it, nothing, or sectors.
func (w write) some(image Image, r *rand.Rand) {
	whole := r.IntN(3)
	for from := 0; from < len(w.data); from += Sector {
		if whole == 0 || (whole == 1 && r.IntN(2) == 0) {
			to := min(from+Sector, len(w.data))
			image.write(w.data[from:to], w.at+int64(from))
		}
	}
}
