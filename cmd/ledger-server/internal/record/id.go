package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// GivenID returns the ID under which a record is stored whose sender called it
// s. An ID longer than MaxID is replaced by its hash, as long as MaxID: cut, it
// would make two records one that differ only in the tail of their IDs (R2).
func GivenID(s string) string {
	if !Longer(s, MaxID) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// ContentID returns the ID of a record that came without one: a hash of what
// the sender said, so that the same record sent again is recognised (R1). Two
// records equal in everything, to the nanosecond, are taken for one.
func ContentID(r *Record) string {
	h := sha256.New()
	var num [8]byte
	binary.BigEndian.PutUint64(num[:], uint64(r.Time))
	h.Write(num[:])
	for _, s := range []string{r.Level, r.Type, r.Message, r.TraceID, r.SpanID, r.Attributes} {
		writeText(h, s)
	}
	if r.Resource != nil {
		writeText(h, r.Resource.Attributes)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// writeText hashes s behind its length, so that no two lists of texts hash alike.
func writeText(h hash.Hash, s string) {
	var num [8]byte
	binary.BigEndian.PutUint64(num[:], uint64(len(s)))
	h.Write(num[:])
	h.Write([]byte(s))
}
