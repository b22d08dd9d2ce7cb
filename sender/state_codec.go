package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/wal"
)

// What state.db holds, all numbers big endian:
//
//	meta/format                          u32
//	meta/identity                        log id [16], epoch u64, created u64 (Unix ns)
//	destinations/<name>/checkpoint       epoch, head, last, evicted, lost, dead u64
//	destinations/<name>/counters/<name>  u64
//	resources/<id u32>                   bytes
//
// bbolt has no checksum over its data pages, and one flipped bit in a checkpoint
// could put the acked offset ahead of the truth, which loses records. So every
// value ends in a CRC-32C over its key and itself.
const (
	stateFormat = 1
	// destinationName is the one destination there is.
	destinationName = "default"
)

// contents is what a state file says, in memory. The resources are shared
// between copies and are replaced, never changed.
type contents struct {
	id         Identity
	checkpoint wal.Checkpoint
	counters   Counters
	resources  map[uint32][]byte
}

func newContents() contents {
	id := newIdentity()
	return contents{id: id, checkpoint: wal.Checkpoint{Epoch: id.Epoch}, resources: map[uint32][]byte{}}
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
	v, err := unseal([]byte(key), b.values[key])
	if err != nil {
		return nil, err
	}
	if len(v) != 8*n {
		return nil, fmt.Errorf("%q has %d bytes", key, len(v))
	}
	out := make([]uint64, n)
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
	c := contents{resources: map[uint32][]byte{}}
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
	dest := top.bucket("destinations").bucket(destinationName)
	if c.checkpoint, err = decodeCheckpoint(dest); err != nil {
		return c, err
	}
	if c.checkpoint.Epoch != c.id.Epoch {
		return c, errors.New("checkpoint is of another epoch")
	}
	c.counters.each(func(name string, v *uint64) {
		b := dest.bucket("counters")
		if _, ok := b.values[name]; !ok || err != nil {
			return // A counter of a later version of this program, or not used yet.
		}
		var n []uint64
		if n, err = numbers(b, name, 1); err == nil {
			*v = n[0]
		}
	})
	for key, stored := range top.bucket("resources").values {
		v, bad := unseal([]byte(key), stored)
		if bad != nil || len(key) != 4 {
			return c, errors.Join(fmt.Errorf("resource %x is damaged", key), bad)
		}
		c.resources[binary.BigEndian.Uint32([]byte(key))] = bytes.Clone(v)
	}
	return c, err
}

// checkShape makes sure that what should be a bucket is not a value: one flipped bit
// makes it one, and bbolt then refuses every write to it.
func checkShape(top *image) error {
	destinations := top.bucket("destinations")
	for _, b := range []struct {
		in   *image
		name string
	}{
		{top, "meta"},
		{top, "destinations"},
		{top, "resources"},
		{destinations, destinationName},
		{destinations.bucket(destinationName), "counters"},
	} {
		if _, isValue := b.in.values[b.name]; isValue {
			return fmt.Errorf("%q is not a bucket", b.name)
		}
	}
	return nil
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

func decodeCheckpoint(dest *image) (wal.Checkpoint, error) {
	n, err := numbers(dest, "checkpoint", 6)
	if err != nil {
		return wal.Checkpoint{}, err
	}
	cp := wal.Checkpoint{Epoch: n[0], Head: wal.Offset(n[1]), Last: wal.Offset(n[2]), Evicted: n[3], Lost: n[4], Dead: n[5]}
	return cp, checkCounts(cp)
}

// checkCounts makes sure that what is counted apart is not more than there is:
// the number of delivered records would fall below zero (L2).
func checkCounts(cp wal.Checkpoint) error {
	rest := uint64(cp.Head)
	for _, n := range []uint64{cp.Evicted, cp.Lost, cp.Dead} {
		if n > rest {
			return fmt.Errorf("checkpoint counts more than its %d records", cp.Head)
		}
		rest -= n
	}
	return nil
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

// encodeDestination writes a checkpoint and the counters, those that are not zero.
func encodeDestination(tx *bbolt.Tx, cp wal.Checkpoint, counters Counters) error {
	all, err := tx.CreateBucketIfNotExists([]byte("destinations"))
	if err != nil {
		return err
	}
	dest, err := all.CreateBucketIfNotExists([]byte(destinationName))
	if err != nil {
		return err
	}
	count, err := dest.CreateBucketIfNotExists([]byte("counters"))
	if err != nil {
		return err
	}
	err = putNumbers(dest, "checkpoint", cp.Epoch, uint64(cp.Head), uint64(cp.Last), cp.Evicted, cp.Lost, cp.Dead)
	counters.each(func(name string, v *uint64) {
		if *v != 0 || count.Get([]byte(name)) != nil {
			err = errors.Join(err, putNumbers(count, name, *v))
		}
	})
	return err
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
	err := errors.Join(encodeMeta(tx, c.id), encodeDestination(tx, c.checkpoint, c.counters))
	for id, b := range c.resources {
		err = errors.Join(err, encodeResource(tx, id, b))
	}
	return err
}
