package server

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Keys are the API keys a server accepts. The zero value is none, and then no
// key is asked for.
type Keys struct{ hashes [][sha256.Size]byte }

// NewKeys returns the keys in list. A key may hold no white space and no comma,
// because there are places to write it where those mean something else.
func NewKeys(list []string) (Keys, error) {
	var k Keys
	for i, key := range list {
		if key == "" || strings.ContainsFunc(key, notInKey) {
			return Keys{}, fmt.Errorf("API key %d of %d is empty, or has white space, a comma or other than ASCII in it", i+1, len(list))
		}
		k.hashes = append(k.hashes, sha256.Sum256([]byte(key)))
	}
	return k, nil
}

func notInKey(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' }

// SplitKeys returns the keys of a list behind commas.
func SplitKeys(list string) []string {
	var keys []string
	for key := range strings.SplitSeq(list, ",") {
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// ReadKeys returns the keys of a file: one a line, lines with # in front are
// comments. A file without any is an error: taken for none it would open the
// server.
func ReadKeys(file []byte) ([]string, error) {
	var keys []string
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it")
	}
	return keys, nil
}

// Open reports whether everyone is served.
func (k Keys) Open() bool { return len(k.hashes) == 0 }

// find returns the number of the key that a request brings (A1). Without keys
// every request has number 0.
func (k Keys) find(r *http.Request) (number int, ok bool) {
	if k.Open() {
		return 0, true
	}
	hash := sha256.Sum256([]byte(presented(r.Header)))
	for i := range k.hashes { // all of them, the matching one does not end it
		if subtle.ConstantTimeCompare(hash[:], k.hashes[i][:]) == 1 {
			number, ok = i, true
		}
	}
	return number, ok
}

// presented returns the key a request brings, or nothing. X-API-Key comes first,
// then Authorization: with Bearer in front, or the key alone.
func presented(h http.Header) string {
	if key := h.Get("X-API-Key"); key != "" {
		return key
	}
	switch f := strings.Fields(h.Get("Authorization")); {
	case len(f) == 1:
		return f[0]
	case len(f) == 2 && strings.EqualFold(f[0], "Bearer"):
		return f[1]
	}
	return ""
}
