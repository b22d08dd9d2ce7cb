package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// page returns the bytes of a page with its overflow, its flags and its count.
func (f *boltFile) page(id uint64) (b []byte, flags, count int, err error) {
	if id < 2 || id >= f.meta.high {
		return nil, 0, 0, fmt.Errorf("page %d is outside the file", id)
	}
	start := int(id) * f.meta.pageSize
	b = f.data[start:]
	overflow := uint64(binary.NativeEndian.Uint32(b[12:]))
	if self := binary.NativeEndian.Uint64(b); self != id || id+overflow >= f.meta.high {
		return nil, 0, 0, fmt.Errorf("page %d is not itself", id)
	}
	for i := id; i <= id+overflow; i++ {
		if f.seen[i] {
			return nil, 0, 0, fmt.Errorf("page %d is in use twice", i)
		}
		f.seen[i] = true
	}
	flags, count = int(binary.NativeEndian.Uint16(b[8:])), int(binary.NativeEndian.Uint16(b[10:]))
	return b[:int(overflow+1)*f.meta.pageSize], flags, count, nil
}

// readPage adds what is on and below a page to the bucket.
func (f *boltFile) readPage(id uint64, to *image, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d is too deep", id)
	}
	b, flags, count, err := f.page(id)
	if err != nil {
		return err
	}
	return f.readElements(b, flags, count, to, depth)
}

func (f *boltFile) readElements(b []byte, flags, count int, to *image, depth int) error {
	if flags != flagBranch && flags != flagLeaf {
		return fmt.Errorf("page of unknown kind %#x", flags)
	}
	if len(b) < pageHeader+count*elemSize {
		return errors.New("elements do not fit the page")
	}
	var last []byte
	for i := range count {
		elem := b[pageHeader+i*elemSize:]
		var key []byte
		var err error
		if flags == flagBranch {
			key, err = f.readBranch(elem, to, depth)
		} else {
			key, err = f.readLeaf(elem, to, depth)
		}
		if err != nil {
			return err
		}
		if len(key) == 0 || i > 0 && bytes.Compare(key, last) <= 0 {
			return errors.New("keys are not in order")
		}
		last = key
	}
	return nil
}

func (f *boltFile) readBranch(elem []byte, to *image, depth int) (key []byte, err error) {
	pos, ksize := u32at(elem, 0), u32at(elem, 4)
	if pos+ksize > uint64(len(elem)) {
		return nil, errors.New("key outside its page")
	}
	return elem[pos : pos+ksize], f.readPage(binary.NativeEndian.Uint64(elem[8:]), to, depth+1)
}

func (f *boltFile) readLeaf(elem []byte, to *image, depth int) (key []byte, err error) {
	flags, pos, ksize, vsize := u32at(elem, 0), u32at(elem, 4), u32at(elem, 8), u32at(elem, 12)
	if pos+ksize+vsize > uint64(len(elem)) {
		return nil, errors.New("value outside its page")
	}
	key, value := elem[pos:pos+ksize], elem[pos+ksize:pos+ksize+vsize]
	switch flags {
	case 0:
		if to.values == nil {
			to.values = map[string][]byte{}
		}
		to.values[string(key)] = value
		return key, nil
	case flagBucket:
		child := &image{}
		if to.buckets == nil {
			to.buckets = map[string]*image{}
		}
		to.buckets[string(key)] = child
		return key, f.readBucket(value, child, depth+1)
	}
	return nil, fmt.Errorf("element of unknown kind %#x", flags)
}

func (f *boltFile) readBucket(value []byte, to *image, depth int) error {
	if len(value) < 16 {
		return errors.New("bucket without a header")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return f.readPage(root, to, depth)
	}
	b := value[16:] // The bucket is small and its page, a leaf, lies inside the value.
	if len(b) < pageHeader || depth > maxDepth || binary.NativeEndian.Uint16(b[8:]) != flagLeaf {
		return errors.New("bucket without a page")
	}
	return f.readElements(b, flagLeaf, int(binary.NativeEndian.Uint16(b[10:])), to, depth)
}

// checkFreelist makes sure that no page in use is called free: the next write
// would go over it.
func (f *boltFile) checkFreelist() error {
	b, flags, count, err := f.page(f.meta.freelist)
	if err != nil {
		return fmt.Errorf("freelist: %w", err)
	}
	if flags != flagFreelist || count == 0xFFFF || len(b) < pageHeader+8*count {
		return errors.New("freelist of unknown form")
	}
	for i := range count {
		id := binary.NativeEndian.Uint64(b[pageHeader+8*i:])
		if id < 2 || id >= f.meta.high || f.seen[id] {
			return fmt.Errorf("freelist: page %d is not free", id)
		}
		f.seen[id] = true
	}
	return nil
}

// u32at is wide enough for sums of such numbers.
func u32at(b []byte, at int) uint64 { return uint64(binary.NativeEndian.Uint32(b[at:])) }
