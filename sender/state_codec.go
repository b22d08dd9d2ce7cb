package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"go.etcd.io/bbolt"
)

// What state.db holds, all numbers big endian:
//
//	meta/format                          u32
//	meta/identity                        log id [16], epoch u64, created u64 (Unix ns)
//	meta/totals                          destinations, resources u64 (see below)
//	destinations/<name>/checkpoint       epoch, head, last, evicted, lost, dead u64
//	destinations/<name>/fates            start, expired, shed u64 (optional)
//	destinations/<name>/settled          from, to, dead u64, repeated (optional)
//	destinations/<name>/learned          see Learned, u64 each (optional)
//	destinations/<name>/counters/<name>  u64
//	destinations/<name>/whole            number of counters u32, name of the destination
//	resources/<id u32>                   bytes
//
// bbolt has no checksum over its data pages, and one flipped bit in a checkpoint
// could put the acked offset ahead of the truth, which loses records. So every
// value ends in a CRC-32C over its key and itself. A flip in a name or in the number of
// a page's elements would still hide a whole destination, which then began anew, behind
// the hidden one: so totals says how many there are of what, whole repeats the name and is
// the last of its bucket. A file of a version that wrote neither gets both with its first
// write.
const stateFormat = 1

// contents is what a state file says, in memory. The maps are shared between copies
// and are replaced, never changed.
type contents struct {
	id        Identity
	accounts  map[string]account
	resources map[uint32][]byte
}

func newContents() contents {
	return contents{id: newIdentity(), accounts: map[string]account{}, resources: map[uint32][]byte{}}
}

func sum(key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, table), table, value)
}

// seal appends the checksum to value.
func seal(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(value), sum(key, value))
}

// unseal checks a stored value and takes the checksum off.
func unseal(key, stored []byte) ([]byte, error) {
	n := len(stored) - 4
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != sum(key, stored[:n]) {
		return nil, fmt.Errorf("checksum of %q is wrong", key)
	}
	return stored[:n], nil
}

// numbers reads a sealed value of n u64.
func numbers(b *image, key string, n int) ([]uint64, error) {
	out, err := series(b, key)
	if err == nil && len(out) != n {
		err = fmt.Errorf("%q has %d numbers", key, len(out))
	}
	return out, err
}

// series reads a sealed value of any number of u64.
func series(b *image, key string) ([]uint64, error) {
	v, err := unseal([]byte(key), b.values[key])
	if err != nil {
		return nil, err
	}
	if len(v)%8 != 0 {
		return nil, fmt.Errorf("%q has %d bytes", key, len(v))
	}
	out := make([]uint64, len(v)/8)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(v[8*i:])
	}
	return out, nil
}

func putNumbers(b *bbolt.Bucket, key string, n ...uint64) error {
	var v []byte
	for _, x := range n {
		v = binary.BigEndian.AppendUint64(v, x)
	}
	return b.Put([]byte(key), seal([]byte(key), v))
}

// decodeFormat reads the format version, the one thing that never moves.
func decodeFormat(top *image) (uint32, error) {
	v, err := unseal([]byte("format"), top.bucket("meta").values["format"])
	if err != nil || len(v) != 4 {
		return 0, errors.Join(errors.New("no format version"), err)
	}
	return binary.BigEndian.Uint32(v), nil
}

// decode reads all of a state file of this format. Any error means damage.
func decode(top *image) (contents, error) {
	c := contents{accounts: map[string]account{}, resources: map[uint32][]byte{}}
	if format, err := decodeFormat(top); err != nil {
		return c, err
	} else if format != stateFormat {
		return c, fmt.Errorf("format version %d is unknown", format)
	}
	if err := checkShape(top); err != nil {
		return c, err
	}
	var err error
	if c.id, err = decodeIdentity(top.bucket("meta")); err != nil {
		return c, err
	}
	for name, b := range top.bucket("destinations").buckets {
		a, bad := decodeAccount(name, b)
		if bad == nil && a.checkpoint.Epoch != c.id.Epoch {
			bad = errors.New("checkpoint is of another epoch")
		}
		if bad != nil {
			return c, fmt.Errorf("destination %q: %w", name, bad)
		}
		c.accounts[name] = a
	}
	for key, stored := range top.bucket("resources").values {
		v, bad := unseal([]byte(key), stored)
		if bad != nil || len(key) != 4 {
			return c, errors.Join(fmt.Errorf("resource %x is damaged", key), bad)
		}
		c.resources[binary.BigEndian.Uint32([]byte(key))] = bytes.Clone(v)
	}
	return c, checkTotals(top, c)
}

func decodeIdentity(meta *image) (Identity, error) {
	v, err := unseal([]byte("identity"), meta.values["identity"])
	if err != nil || len(v) != 32 {
		return Identity{}, errors.Join(errors.New("no identity"), err)
	}
	id := Identity{LogID: [16]byte(v), Epoch: binary.BigEndian.Uint64(v[16:])}
	id.Created = time.Unix(0, int64(binary.BigEndian.Uint64(v[24:]))).UTC()
	if id.Epoch == 0 {
		return id, errors.New("epoch is zero")
	}
	return id, nil
}

// encodeMeta writes the format version and the identity.
func encodeMeta(tx *bbolt.Tx, id Identity) error {
	meta, err := tx.CreateBucketIfNotExists([]byte("meta"))
	if err != nil {
		return err
	}
	v := bytes.Clone(id.LogID[:])
	v = binary.BigEndian.AppendUint64(v, id.Epoch)
	v = binary.BigEndian.AppendUint64(v, uint64(id.Created.UnixNano()))
	format := binary.BigEndian.AppendUint32(nil, stateFormat)
	return errors.Join(
		meta.Put([]byte("format"), seal([]byte("format"), format)),
		meta.Put([]byte("identity"), seal([]byte("identity"), v)))
}

// encodeResource writes one resource.
func encodeResource(tx *bbolt.Tx, id uint32, b []byte) error {
	all, err := tx.CreateBucketIfNotExists([]byte("resources"))
	if err != nil {
		return err
	}
	key := binary.BigEndian.AppendUint32(nil, id)
	return all.Put(key, seal(key, b))
}

// encode writes everything into an empty file.
func encode(tx *bbolt.Tx, c contents) error {
	err := encodeMeta(tx, c.id)
	for id, b := range c.resources {
		err = errors.Join(err, encodeResource(tx, id, b))
	}
	return errors.Join(err, encodeTotals(tx, c))
}
