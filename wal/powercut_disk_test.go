package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// shadowed is the file system below root, every change of which a medium follows;
// what is durable is the medium's to say, so that nothing here syncs. It is both
// seams of a log: [files], and the maker of its segments.
type shadowed struct {
	onDisk
	medium *medium
	disk   *disk
	root   string
	// failAside makes it impossible to put damaged bytes aside.
	failAside bool
	// failNames makes syncs of directories fail.
	failNames bool
	// gone are damaged bytes that were removed and of which no durable copy is left (W7).
	gone []string
}

func (s *shadowed) rel(path string) string {
	rel, err := filepath.Rel(s.root, path)
	if err != nil {
		panic(err) // A log reached out of its directory.
	}
	return rel
}

func (s *shadowed) mkdirAll(dir string) error {
	err := s.onDisk.mkdirAll(dir)
	if name := s.rel(dir); err == nil && s.medium.names[name] == nil {
		s.medium.create(name, true)
	}
	return err
}

func (s *shadowed) writeFile(dir, name string, b []byte) error {
	if s.failAside {
		return errDisk
	}
	path := filepath.Join(s.rel(dir), name)
	if s.medium.names[path] != nil {
		return fs.ErrExist
	}
	n := s.medium.create(path, false)
	s.medium.tick()
	s.medium.append(n, b)
	s.medium.tick()
	s.medium.fsync(n)
	s.medium.syncDir(s.rel(dir))
	return os.WriteFile(filepath.Join(dir, name), b, fsx.FileMode)
}

func (s *shadowed) cut(path string, size int64) error {
	n := s.medium.names[s.rel(path)]
	if n == nil {
		return fs.ErrNotExist
	}
	s.medium.truncate(n, int(size))
	s.medium.tick()
	s.medium.fsync(n)
	return os.Truncate(path, size)
}

func (s *shadowed) sync(path string) error {
	n := s.medium.names[s.rel(path)]
	if n == nil {
		return fs.ErrNotExist
	}
	s.medium.tick()
	s.medium.fsync(n)
	return nil
}

func (s *shadowed) rename(from, to string) error {
	s.medium.rename(s.rel(from), s.rel(to))
	return s.onDisk.rename(from, to)
}

func (s *shadowed) remove(path string) error {
	name := s.rel(path)
	n := s.medium.names[name]
	if n == nil {
		return fs.ErrNotExist
	}
	s.missDamage(name, n.seen)
	s.medium.unlink(name)
	return s.onDisk.remove(path)
}

func (s *shadowed) syncDir(dir string) error {
	if s.failNames {
		s.medium.tick()
		return errDisk
	}
	s.medium.syncDir(s.rel(dir))
	return nil
}

// missDamage notes the damaged bytes of a segment that are not safe in quarantine.
func (s *shadowed) missDamage(name string, b []byte) {
	if _, ok := segmentIndex(filepath.Base(name)); !ok {
		return
	}
	scan := newScanner(testEpoch)
	scan.b = b
	for it := scan.next(); it.kind != itemEnd; it = scan.next() {
		if it.kind != itemDamage && it.kind != itemForeign {
			continue
		}
		if !s.isAside(fmt.Sprintf("quarantine/%s-%012d.bytes", filepath.Base(name), it.from), b[it.from:it.to]) {
			s.gone = append(s.gone, fmt.Sprintf("%s, bytes %d to %d", name, it.from, it.to))
		}
	}
}

// isAside reports whether bytes are safe in quarantine, under a name or, where that
// was taken, under the name with a number.
func (s *shadowed) isAside(name string, want []byte) bool {
	for kept, node := range s.medium.kept {
		if strings.HasPrefix(kept, name) && bytes.Equal(s.medium.remains(node), want) {
			return s.medium.kept["quarantine"] != nil
		}
	}
	return false
}

// create makes a segment that may fail as s.disk says.
func (s *shadowed) create(dir string, index uint64) (writer, error) {
	w, err := s.disk.create(dir, index)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, segmentName(index))
	return &shadowedTail{writer: w, s: s, path: path, node: s.medium.create(s.rel(path), false)}, nil
}

type shadowedTail struct {
	writer
	s    *shadowed
	path string
	node *node
}

func (t *shadowedTail) write(block []byte) error {
	t.s.medium.tick()
	err := t.writer.write(block)
	if err == nil {
		t.s.medium.append(t.node, append(binary.AppendUvarint(nil, uint64(len(block))), block...))
		return nil
	}
	// What a write that failed left behind is in the file as well.
	have := int64(len(t.node.seen))
	left, readErr := fsx.ReadAt(nil, t.path, have, have+int64(len(block)))
	t.s.medium.append(t.node, left)
	return errors.Join(err, readErr)
}

func (t *shadowedTail) sync() error {
	t.s.medium.tick()
	err := t.writer.sync()
	t.settle(err)
	return err
}

// close syncs, as the underlying log does.
func (t *shadowedTail) close() error {
	t.s.medium.tick()
	err := t.writer.close()
	if t.s.disk.failSync {
		err = errors.Join(err, errDisk)
	}
	t.settle(err)
	return err
}

func (t *shadowedTail) settle(err error) {
	if err != nil {
		t.s.medium.failSync(t.node)
		return
	}
	t.s.medium.fsync(t.node)
}
