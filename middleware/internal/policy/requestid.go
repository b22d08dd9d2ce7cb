package policy

import (
	"encoding/hex"
	"math/rand/v2"
)

const requestIDMax = 128

// ValidID reports whether a request ID can be stored and searched as one word: 1 to
// 128 bytes of printable ASCII without spaces.
func ValidID(id string) bool {
	if id == "" || len(id) > requestIDMax {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// NewID returns a request ID: 32 hexadecimal digits, from the runtime's generator,
// which is seeded by the system and needs no lock.
func NewID() string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(rand.Uint32())
	}
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
