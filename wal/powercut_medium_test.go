package wal

import (
	"maps"
	"math/rand/v2"
	"path"
	"slices"
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
	// twice is set when an offset stands for a second record, the first having been
	// lost unsynced. What a removed segment held of the first cannot be told from the
	// second's, so garbage is not made of it: docs/durability.md names this.
	twice bool
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
