package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/ledger-sdk/ledger-go/wal"
)

func decodeAccount(name string, b *image) (account, error) {
	var a account
	if b.has(wholeKey) && !bytes.Equal(b.values[wholeKey], whole(name, len(b.bucket("counters").values))) {
		return a, errors.New("its name is another's, or counters are missing")
	}
	cp, err := decodeCheckpoint(b)
	if err != nil {
		return a, err
	}
	a.checkpoint = cp
	if b.has("learned") {
		n, bad := series(b, "learned")
		if bad != nil {
			return a, bad
		}
		a.learned = learnedFrom(n)
	}
	a.counters.each(func(name string, v *uint64) {
		if counters := b.bucket("counters"); err == nil && counters.has(name) { // Not so before its first use.
			var n []uint64
			if n, err = numbers(counters, name, 1); err == nil {
				*v = n[0]
			}
		}
	})
	return a, err
}

func decodeCheckpoint(b *image) (wal.Checkpoint, error) {
	n, err := numbers(b, "checkpoint", 6)
	if err != nil {
		return wal.Checkpoint{}, err
	}
	cp := wal.Checkpoint{Epoch: n[0], Head: wal.Offset(n[1]), Last: wal.Offset(n[2]), Evicted: n[3], Lost: n[4], Dead: n[5]}
	if b.has("fates") {
		if n, err = numbers(b, "fates", 3); err != nil {
			return cp, err
		}
		cp.Start, cp.Expired, cp.Shed = wal.Offset(n[0]), n[1], n[2]
	}
	if b.has("settled") {
		if n, err = series(b, "settled"); err != nil || len(n)%3 != 0 {
			return cp, errors.Join(errors.New("ranges are damaged"), err)
		}
		for ; len(n) > 0; n = n[3:] {
			cp.Settled = append(cp.Settled, wal.Range{From: wal.Offset(n[0]), To: wal.Offset(n[1]), Dead: n[2] != 0})
		}
	}
	return cp, checkCounts(cp)
}

// checkCounts makes sure that what is counted apart is not more than there is: the number
// of delivered records would fall below zero (L2). And that what was settled out of turn
// lies where it can: behind the head, and in order.
func checkCounts(cp wal.Checkpoint) error {
	if cp.Start > cp.Head || cp.Expired > cp.Evicted || cp.Shed > cp.Evicted-cp.Expired {
		return errors.New("checkpoint contradicts itself")
	}
	rest := uint64(cp.Head - cp.Start)
	for _, n := range []uint64{cp.Evicted, cp.Lost, cp.Dead} {
		if n > rest {
			return fmt.Errorf("checkpoint counts more than its %d records", cp.Head-cp.Start)
		}
		rest -= n
	}
	at := cp.Head
	for _, r := range cp.Settled {
		if r.From <= at || r.To < r.From || r.To > cp.Last {
			return errors.New("checkpoint has ranges out of place")
		}
		at = r.To
	}
	return nil
}

// encodeAccount writes an account: of the counters those that are not zero, and what is
// optional if it says anything.
func encodeAccount(tx *bbolt.Tx, name string, a account) error {
	all, err := tx.CreateBucketIfNotExists([]byte("destinations"))
	if err != nil {
		return err
	}
	dest, err := all.CreateBucketIfNotExists([]byte(name))
	if err != nil {
		return err
	}
	count, err := dest.CreateBucketIfNotExists([]byte("counters"))
	if err != nil {
		return err
	}
	cp := a.checkpoint
	var settled []uint64
	for _, r := range cp.Settled {
		n := []uint64{uint64(r.From), uint64(r.To), 0}
		if r.Dead {
			n[2] = 1
		}
		settled = append(settled, n...)
	}
	err = errors.Join(
		putNumbers(dest, "checkpoint", cp.Epoch, uint64(cp.Head), uint64(cp.Last), cp.Evicted, cp.Lost, cp.Dead),
		putOptional(dest, "fates", uint64(cp.Start), cp.Expired, cp.Shed),
		putOptional(dest, "settled", settled...),
		putOptional(dest, "learned", a.learned.numbers()...))
	a.counters.each(func(name string, v *uint64) {
		err = errors.Join(err, putOptional(count, name, *v))
	})
	return errors.Join(err, putChanged(dest, wholeKey, whole(name, keys(count))))
}

func encodeAccounts(tx *bbolt.Tx, all map[string]account) error {
	var err error
	for name, a := range all {
		err = errors.Join(err, encodeAccount(tx, name, a))
	}
	return err
}

// wholeKey sorts behind all else in a destination: where a part of it is missing, this is.
const wholeKey = "whole"

// whole returns what is stored there, with its checksum.
func whole(name string, counters int) []byte {
	return seal([]byte(wholeKey), append(binary.BigEndian.AppendUint32(nil, uint32(counters)), name...))
}

// keys counts the keys of a bucket.
func keys(b *bbolt.Bucket) int {
	n := 0
	_ = b.ForEach(func(_, _ []byte) error { n++; return nil }) // Only the function could fail.
	return n
}

// putChanged writes a sealed value unless it is there already.
func putChanged(b *bbolt.Bucket, key string, sealed []byte) error {
	if bytes.Equal(b.Get([]byte(key)), sealed) {
		return nil
	}
	return b.Put([]byte(key), sealed)
}

// putOptional writes numbers unless all are zero and always were.
func putOptional(b *bbolt.Bucket, key string, n ...uint64) error {
	for _, x := range n {
		if x != 0 {
			return putNumbers(b, key, n...)
		}
	}
	if b.Get([]byte(key)) == nil {
		return nil
	}
	return b.Delete([]byte(key))
}

func dropDestination(tx *bbolt.Tx, name string) error {
	all := tx.Bucket([]byte("destinations"))
	if all == nil {
		return nil
	}
	if err := all.DeleteBucket([]byte(name)); !errors.Is(err, berrors.ErrBucketNotFound) {
		return err
	}
	return nil
}

func dropDestinations(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket([]byte("destinations")); !errors.Is(err, berrors.ErrBucketNotFound) {
		return err
	}
	return nil
}
