//go:build linux

package powercut

import (
	"bytes"
	"errors"
	"os"
	"slices"
)

// pageSize is the unit in which images share what they have in common.
const pageSize = 4096

// Image is what a disk holds. Copying one costs little: what is the same in two images
// is there once. Not safe for concurrent use while one of them writes.
type Image struct {
	pages [][]byte // nil is all zeros; a page is replaced, never changed
}

// NewImage returns the image of a disk that holds b, whose length is a multiple of
// 4096. It keeps b, which must not change any more.
func NewImage(b []byte) Image {
	m := Image{pages: make([][]byte, 0, len(b)/pageSize)}
	zeros := make([]byte, pageSize)
	for page := range slices.Chunk(b, pageSize) {
		if bytes.Equal(page, zeros) {
			page = nil
		}
		m.pages = append(m.pages, page)
	}
	return m
}

// Size returns the size of the disk in bytes.
func (m Image) Size() int { return len(m.pages) * pageSize }

// clone returns a copy that can be written without the other changing.
func (m Image) clone() Image { return Image{slices.Clone(m.pages)} }

// read fills p from position at, as far as the disk reaches.
func (m Image) read(p []byte, at int64) (n int) {
	for n < len(p) && at+int64(n) < int64(m.Size()) {
		i, skip := m.place(at + int64(n))
		to := p[n:min(len(p), n+pageSize-skip)]
		if page := m.pages[i]; page != nil {
			copy(to, page[skip:])
		} else {
			clear(to)
		}
		n += len(to)
	}
	return n
}

// write puts p at position at, all of which must be within the disk.
func (m Image) write(p []byte, at int64) {
	for len(p) > 0 {
		i, skip := m.place(at)
		page := make([]byte, pageSize)
		copy(page, m.pages[i])
		n := copy(page[skip:], p)
		m.pages[i] = page
		p, at = p[n:], at+int64(n)
	}
}

func (m Image) place(at int64) (page, skip int) {
	return int(at / pageSize), int(at % pageSize)
}

// save writes the image to a new file, leaving out the zeros.
func (m Image) save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = f.Truncate(int64(m.Size()))
	for i, page := range m.pages {
		if page != nil && err == nil {
			_, err = f.WriteAt(page, int64(i)*pageSize)
		}
	}
	return errors.Join(err, f.Close())
}
