package wal

import (
	"bytes"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

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
	case n > 0 && !m.twice && m.rng.IntN(2) == 0:
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
