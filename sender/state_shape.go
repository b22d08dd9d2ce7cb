package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

const totalsKey = "totals"

// totals returns what is stored there, with its checksum.
func totals(c contents) []byte {
	v := binary.BigEndian.AppendUint64(nil, uint64(len(c.accounts)))
	return seal([]byte(totalsKey), binary.BigEndian.AppendUint64(v, uint64(len(c.resources))))
}

// checkTotals makes sure that nothing is missing.
func checkTotals(top *image, c contents) error {
	if !top.bucket("meta").has(totalsKey) {
		return nil // An early version wrote it.
	}
	if !bytes.Equal(top.bucket("meta").values[totalsKey], totals(c)) {
		return fmt.Errorf("%d destinations and %d resources are not what was stored", len(c.accounts), len(c.resources))
	}
	for name, b := range top.bucket("destinations").buckets {
		if !b.has(wholeKey) {
			return fmt.Errorf("destination %q is not whole", name)
		}
	}
	return nil
}

// encodeTotals completes a transaction after which the file says c.
func encodeTotals(tx *bbolt.Tx, c contents) error {
	meta, err := tx.CreateBucketIfNotExists([]byte("meta"))
	if err != nil {
		return err
	}
	if meta.Get([]byte(totalsKey)) == nil { // Then no destination need be marked as whole.
		err = encodeAccounts(tx, c.accounts)
	}
	return errors.Join(err, putChanged(meta, totalsKey, totals(c)))
}

// checkShape makes sure that what should be a bucket is not a value, for which one
// flipped bit is enough, whereupon bbolt refuses every write to it; and that each value,
// also one that this version does not know, is what was stored under its key.
func checkShape(top *image) error {
	err := checkValues(top) // There are none: a bucket's bytes have no checksum.
	destinations := top.bucket("destinations")
	for _, b := range []*image{top.bucket("meta"), destinations, top.bucket("resources")} {
		err = errors.Join(err, checkValues(b))
	}
	for name, b := range destinations.buckets {
		if bad := errors.Join(checkValues(b), checkValues(b.bucket("counters"))); bad != nil {
			err = errors.Join(err, fmt.Errorf("destination %q: %w", name, bad))
		}
	}
	return err
}

// checkValues makes sure that each value goes with its key.
func checkValues(b *image) error {
	for key, stored := range b.values {
		if _, err := unseal([]byte(key), stored); err != nil {
			return err
		}
	}
	return nil
}
