package sender

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
)

// An image is what a bucket of a bbolt file holds, read from the file's bytes
// without bbolt.
//
// bbolt trusts the file it maps: a page number gone wrong can make it recurse
// without end, read outside its mapping, or panic in a goroutine of its own, and
// none of these can be caught. So a state file is read here first, with every
// number checked, and bbolt gets only files in which no such thing can happen.
// It also serves to read the file of a live process, without lock or mapping.
//
// The format (native byte order):
//
//	page      id u64, flags u16, count u16, overflow u32, then the elements
//	meta      magic u32, version u32, page size u32, flags u32, root u64,
//	          sequence u64, freelist u64, pages u64, txid u64, FNV-1a u64
//	branch    pos u32, key size u32, page u64
//	leaf      flags u32, pos u32, key size u32, value size u32
//	bucket    root u64, sequence u64, then a page if root is 0
type image struct {
	values  map[string][]byte // alias the file's bytes
	buckets map[string]*image
}

// bucket returns a bucket inside, an empty one if there is none.
func (im *image) bucket(name string) *image {
	if b := im.buckets[name]; b != nil {
		return b
	}
	return &image{}
}

func (im *image) has(value string) bool {
	_, ok := im.values[value]
	return ok
}

const (
	pageHeader = 16
	elemSize   = 16
	metaSize   = 64

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf element

	boltMagic   = 0xED0CDAED
	boltVersion = 2
	maxDepth    = 16 // of pages below each other; a state file has two or three
	// maxTxid is more transactions than there can ever have been. A number that wraps would
	// have bbolt's second write go by a page that its first one wrote over.
	maxTxid = 1 << 62
)

type boltMeta struct {
	pageSize             int
	root, freelist, high uint64
	txid                 uint64
}

// boltFile is a file being read. Every page may be reached once.
type boltFile struct {
	data []byte
	meta boltMeta
	seen map[uint64]bool
}

// readImage reads the newest whole transaction of a bbolt file. The values of the
// result alias data. It never panics, whatever the bytes are.
func readImage(data []byte) (*image, error) {
	meta, err := newestMeta(data)
	if err != nil {
		return nil, err
	}
	if meta.txid > maxTxid {
		return nil, fmt.Errorf("transaction number %d", meta.txid)
	}
	f := &boltFile{data: data, meta: meta, seen: map[uint64]bool{0: true, 1: true}}
	if meta.high < 4 || meta.high > uint64(len(data)/meta.pageSize) {
		return nil, fmt.Errorf("%d pages do not fit the file of %d bytes", meta.high, len(data))
	}
	top := &image{}
	if err := f.readPage(meta.root, top, 0); err != nil {
		return nil, err
	}
	return top, f.checkFreelist()
}

// newestMeta returns the valid meta page of the later transaction.
func newestMeta(data []byte) (boltMeta, error) {
	first, ok := parseMeta(data, 0)
	if ok && !first.sane() { // bbolt would go by its page size.
		return boltMeta{}, fmt.Errorf("pages of %d bytes", first.pageSize)
	}
	if !ok {
		// The page size is unknown: the second meta page starts at one of these.
		for size := 1024; size <= 1<<16; size *= 2 {
			if m, ok := parseMeta(data, size); ok && m.sane() && m.pageSize == size {
				return m, nil
			}
		}
		return boltMeta{}, errors.New("no valid meta page")
	}
	second, ok := parseMeta(data, first.pageSize)
	switch {
	case ok && second.pageSize != first.pageSize:
		return boltMeta{}, errors.New("meta pages disagree")
	case ok && second.txid > first.txid:
		return second, nil
	}
	return first, nil
}

func parseMeta(data []byte, at int) (boltMeta, bool) {
	if len(data) < at+pageHeader+metaSize {
		return boltMeta{}, false
	}
	b := data[at+pageHeader:]
	u32, u64 := binary.NativeEndian.Uint32, binary.NativeEndian.Uint64
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	m := boltMeta{pageSize: int(u32(b[8:])), root: u64(b[16:]), freelist: u64(b[32:]), high: u64(b[40:]), txid: u64(b[48:])}
	return m, u32(b) == boltMagic && u32(b[4:]) == boltVersion && u64(b[56:]) == sum.Sum64()
}

// sane reports whether the page size is one that a file can have.
func (m boltMeta) sane() bool {
	return m.pageSize >= 1024 && m.pageSize <= 1<<16 && m.pageSize&(m.pageSize-1) == 0
}
