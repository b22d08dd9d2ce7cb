package wal

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// habits say what a medium does with changes that were not synced when the power
// goes.
type habits struct {
	// journal lets changes of names reach the disk in their order only, as ext4 and
	// XFS do. Without it any of them may be there and any other not: POSIX promises
	// no more.
	journal bool
	// ordered lets a file grow on the disk only over bytes that are there.
	ordered bool
	// garbage leaves in a sector that was never written what its blocks held for the
	// file that had them before, and not zeros.
	garbage bool
}

// medium is a directory tree as its disk has it and as processes see it, which is
// not the same: bytes are durable when their file was synced, names when their
// directory was, and either may be at any time before. Paths are relative to the
// root of the tree.
type medium struct {
	habits
	rng   *rand.Rand
	names map[string]*node // as processes see them
	kept  map[string]*node // on the disk
	queue []change         // what kept lacks, in order
	freed [][]byte         // sectors of removed files
	nodes int              // made so far

	ops  int     // changes so far
	stop int     // the change before which a copy is taken, 0 for none
	copy *medium // taken there
	// forgot is set when the kernel dropped what it failed to write.
	forgot bool
}

// node is a file or a directory.
type node struct {
	id      int
	dir     bool
	seen    []byte         // as processes read it
	disk    map[int][]byte // sectors that are on the disk
	size    int            // on the disk
	dirty   map[int]bool   // sectors of seen that are not on the disk
	dropped map[int]bool   // and never will be: the kernel failed to write them and forgot
}

// change is one of names: a creation has no from, a removal no to.
type change struct {
	from, to string
	node     *node
}

func newMedium(rng *rand.Rand, h habits) *medium {
	return &medium{habits: h, rng: rng, names: map[string]*node{}, kept: map[string]*node{}}
}

func newNode(id int, dir bool) *node {
	return &node{id: id, dir: dir, disk: map[int][]byte{}, dirty: map[int]bool{}, dropped: map[int]bool{}}
}

// tick is called before every change.
func (m *medium) tick() {
	m.ops++
	if m.ops == m.stop {
		m.copy = m.clone()
	}
}

// Changes that processes make.

func (m *medium) create(name string, dir bool) *node {
	m.tick()
	m.nodes++
	n := newNode(m.nodes, dir)
	m.move("", name, n)
	return n
}

func (m *medium) unlink(name string) {
	m.tick()
	m.move(name, "", m.names[name])
}

func (m *medium) rename(from, to string) {
	m.tick()
	m.move(from, to, m.names[from])
}

func (m *medium) move(from, to string, n *node) {
	c := change{from, to, n}
	c.apply(m.names)
	m.queue = append(m.queue, c)
}

func (c change) apply(names map[string]*node) {
	delete(names, c.from)
	if c.to != "" {
		names[c.to] = c.node
	}
}

func (m *medium) append(n *node, b []byte) {
	if len(b) == 0 {
		return
	}
	first := len(n.seen) / sector
	n.seen = append(n.seen, b...)
	for i := first; i*sector < len(n.seen); i++ {
		n.dirty[i] = true
		delete(n.dropped, i)
	}
}

func (m *medium) truncate(n *node, size int) {
	m.tick()
	n.seen = n.seen[:min(size, len(n.seen))]
	maps.DeleteFunc(n.dirty, func(i int, _ bool) bool { return i*sector >= size })
}

// fsync makes the bytes of a file durable, and not its name.
func (m *medium) fsync(n *node) {
	for i := range n.dirty {
		n.put(i)
	}
	m.resize(n, len(n.seen))
}

// failSync is an fsync that fails: some sectors are written, and the others the
// kernel marks as clean, so that no later sync ever writes them.
func (m *medium) failSync(n *node) {
	for i := range n.sectors() {
		if !n.dirty[i] {
			continue
		}
		if m.rng.IntN(2) == 0 {
			n.put(i)
			continue
		}
		delete(n.dirty, i)
		n.dropped[i], m.forgot = true, true
	}
}

// syncDir makes the names in a directory durable, and what they depend on.
func (m *medium) syncDir(dir string) {
	m.tick()
	need := map[string]bool{}
	take := make([]bool, len(m.queue))
	for i, c := range slices.Backward(m.queue) {
		take[i] = c.in(dir) || need[c.from] || need[c.to] || (m.journal && i+1 < len(take) && take[i+1])
		if take[i] {
			c.mark(need)
		}
	}
	m.settle(take)
}

func (c change) in(dir string) bool {
	return (c.from != "" && path.Dir(c.from) == dir) || (c.to != "" && path.Dir(c.to) == dir)
}

func (c change) mark(names map[string]bool) {
	for _, name := range []string{c.from, c.to} {
		if name != "" {
			names[name] = true
		}
	}
}

// settle moves the changes that are marked to the disk.
func (m *medium) settle(take []bool) {
	var rest []change
	for i, c := range m.queue {
		if !take[i] {
			rest = append(rest, c)
			continue
		}
		c.apply(m.kept)
		if c.to == "" {
			m.free(c.node, 0)
		}
	}
	m.queue = rest
}

// What the kernel does at any time.

// writeBack moves a random part of what is not durable to the disk.
func (m *medium) writeBack() {
	for _, n := range m.all() {
		m.writeSome(n)
	}
	take := make([]bool, len(m.queue))
	if m.journal {
		for i := range m.rng.IntN(len(m.queue) + 1) {
			take[i] = true
		}
	} else {
		held := map[string]bool{} // Changes of one name stay in order.
		for i, c := range m.queue {
			take[i] = m.rng.IntN(2) == 0 && !held[c.from] && !held[c.to]
			if !take[i] {
				c.mark(held)
			}
		}
	}
	m.settle(take)
}

func (m *medium) writeSome(n *node) {
	size := n.size
	switch m.rng.IntN(4) {
	case 0:
		size = len(n.seen)
	case 1:
		if len(n.seen) > n.size {
			size += m.rng.IntN(len(n.seen) - n.size)
		}
	case 2:
		if len(n.seen) > n.size {
			size = max(n.size, (n.size+m.rng.IntN(len(n.seen)-n.size))/sector*sector)
		}
	}
	odds := []int{0, 3, 7, 10}[m.rng.IntN(4)] // of 10
	for i := range n.sectors() {
		if m.rng.IntN(10) < odds || (m.ordered && i*sector < size) {
			if n.dirty[i] {
				n.put(i)
			}
		}
	}
	m.resize(n, size)
}

func (n *node) sectors() int { return (len(n.seen) + sector - 1) / sector }

func (n *node) put(i int) {
	n.disk[i] = bytes.Clone(n.seen[i*sector : min((i+1)*sector, len(n.seen))])
	delete(n.dirty, i)
}

func (m *medium) resize(n *node, size int) {
	if size < n.size {
		m.free(n, (size+sector-1)/sector)
	}
	n.size = size
}

// free gives back the sectors of a node from the given one on.
func (m *medium) free(n *node, from int) {
	for _, i := range slices.Sorted(maps.Keys(n.disk)) {
		if i >= from {
			m.freed = append(m.freed, n.disk[i])
		}
	}
}

// all returns the nodes in the order in which they were made.
func (m *medium) all() []*node {
	set := map[*node]bool{}
	for _, names := range []map[string]*node{m.names, m.kept} {
		for _, n := range names {
			set[n] = true
		}
	}
	for _, c := range m.queue {
		set[c.node] = true
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b *node) int { return a.id - b.id })
}

// How it ends.

// powerCut returns the medium as the next boot finds it.
func (m *medium) powerCut() *medium {
	m.writeBack()
	return m.durable()
}

// durable returns the medium with nothing but what is on the disk.
func (m *medium) durable() *medium {
	out := newMedium(m.rng, m.habits)
	out.freed, out.nodes = m.freed, m.nodes
	for _, name := range slices.Sorted(maps.Keys(m.kept)) {
		if dir := path.Dir(name); dir != "." && m.kept[dir] == nil {
			continue
		}
		old := m.kept[name]
		n := newNode(old.id, old.dir)
		n.seen = m.remains(old)
		for i := range n.sectors() {
			n.put(i)
		}
		n.size = len(n.seen)
		out.names[name], out.kept[name] = n, n
	}
	return out
}

// remains are the bytes of a file after a power cut.
func (m *medium) remains(n *node) []byte {
	b := make([]byte, n.size)
	for i := 0; i*sector < n.size; i++ {
		part := b[i*sector : min((i+1)*sector, n.size)]
		copy(part, m.stale(n, i))
	}
	return b
}

// stale returns what the disk has of a sector, whatever a file has.
func (m *medium) stale(n *node, i int) []byte {
	if s, ok := n.disk[i]; ok || !m.garbage {
		return s
	}
	switch n := len(m.freed); {
	case n > 0 && m.rng.IntN(2) == 0:
		return m.freed[m.rng.IntN(n)]
	case m.rng.IntN(2) == 0:
		return strangers(m.rng.Uint64N(60))
	}
	b := make([]byte, sector)
	for i := range b {
		b[i] = byte(m.rng.Uint32())
	}
	return b
}

// strangers are records of another log, at offsets that this one may have too.
func strangers(after uint64) (b []byte) {
	for o := after + 1; len(b) < sector; o++ {
		b = frame.Append(b, frame.Header{Offset: o, Resource: 1}, make([]byte, 16), frame.Seed(testEpoch+1))
	}
	return b
}

// kill returns the medium as the next process finds it: all is there but what the
// kernel failed to write, which it forgets when nobody holds the file any more.
func (m *medium) kill() *medium {
	out := m.clone()
	out.forgot = false
	for _, n := range out.all() {
		for i := range n.sectors() {
			if !n.dropped[i] {
				continue
			}
			part := n.seen[i*sector : min((i+1)*sector, len(n.seen))]
			clear(part)
			copy(part, out.stale(n, i))
			n.put(i)
		}
		clear(n.dropped)
	}
	return out
}

func (m *medium) clone() *medium {
	out := *m
	out.names, out.kept, out.stop, out.copy = map[string]*node{}, map[string]*node{}, 0, nil
	out.queue = slices.Clone(m.queue)
	out.freed = slices.Clone(m.freed)
	same := map[*node]*node{}
	twin := func(n *node) *node {
		if same[n] == nil {
			c := *n
			c.seen = bytes.Clone(n.seen)
			c.disk, c.dirty, c.dropped = maps.Clone(n.disk), maps.Clone(n.dirty), maps.Clone(n.dropped)
			same[n] = &c
		}
		return same[n]
	}
	for name, n := range m.names {
		out.names[name] = twin(n)
	}
	for name, n := range m.kept {
		out.kept[name] = twin(n)
	}
	for i := range out.queue {
		out.queue[i].node = twin(out.queue[i].node)
	}
	return &out
}

// write makes the tree below root, which is as was has it, what processes see.
func (m *medium) write(root string, was *medium) error {
	for name, n := range was.names {
		if m.names[name] == nil && !n.dir {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		n, old := m.names[name], was.names[name]
		var err error
		switch p := filepath.Join(root, name); {
		case n.dir:
			err = os.MkdirAll(p, 0o700)
		case old == nil || !bytes.Equal(old.seen, n.seen):
			err = os.WriteFile(p, n.seen, 0o600)
		}
		if err != nil {
			return err
		}
	}
	for name, n := range was.names { // Empty by now.
		if m.names[name] == nil && n.dir {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// equal checks that the medium has followed the tree below root.
func (m *medium) equal(t *testing.T, root string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		if n := m.names[name]; !n.dir {
			b, err := os.ReadFile(filepath.Join(root, name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(n.seen, b), "%s as the medium has it", name)
		}
	}
}
