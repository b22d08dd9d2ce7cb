package otlp

import (
	"log/slog"
	"slices"
)

// Flatten appends attrs to dst in flat, plain form: groups become dotted keys
// under prefix, every LogValuer is resolved, every value is plain (see Plain),
// keys are clean. Attributes without key and value, and empty groups, vanish, as
// slog asks. dropped counts the attributes beyond the bounds on nesting and size.
//
// Flatten of a flat list is the list itself. It does not allocate for attributes
// outside of groups whose values are plain already.
func Flatten(dst []slog.Attr, prefix string, attrs []slog.Attr) (flat []slog.Attr, dropped int) {
	w := walk{left: maxVisits}
	return w.flatten(dst, prefix, attrs, maxDepth)
}

func (w *walk) flatten(dst []slog.Attr, prefix string, attrs []slog.Attr, depth int) ([]slog.Attr, int) {
	if depth <= 0 {
		return dst, len(attrs)
	}
	dropped := 0
	for i, a := range attrs {
		if !w.spend() {
			return dst, dropped + len(attrs) - i
		}
		switch a.Value.Kind() {
		case slog.KindAny, slog.KindLogValuer, slog.KindGroup: // to be looked into
			v := Resolve(a.Value)
			if v.Kind() == slog.KindGroup {
				var n int
				dst, n = w.flatten(dst, Join(prefix, Clean(a.Key)), v.Group(), depth-1)
				dropped += n
				continue
			}
			if a.Key == "" && v.Equal(slog.Value{}) {
				continue
			}
			a.Value = w.plain(v, depth)
		}
		dst = append(dst, slog.Attr{Key: Join(prefix, Clean(a.Key)), Value: a.Value})
	}
	return dst, dropped
}

// Join puts a key under a prefix. A group without a name adds nothing to its
// members' keys, as in slog.
func Join(prefix, key string) string {
	switch {
	case prefix == "":
		return key
	case key == "":
		return prefix
	default:
		return prefix + "." + key
	}
}

// Dedup removes, in place, every attribute whose key occurs again later (E3). The
// survivors keep their order.
func Dedup(attrs []slog.Attr) []slog.Attr {
	var seen KeySet
	k := len(attrs)
	for _, attr := range slices.Backward(attrs) {
		if seen.Add(attr.Key, attrs[k:]) {
			k--
			attrs[k] = attr
		}
	}
	return attrs[:copy(attrs, attrs[k:])]
}

// KeySet knows which keys of a record occurred; the zero set is empty. A filter of 256 bits answers for nearly every
// new key; a hit is checked against the keys themselves, in a map once there are
// so many that looking at each would be quadratic.
type KeySet struct {
	filter [4]uint64
	many   map[string]struct{}
}

// manyKeys is where the map takes over from looking at each key.
const manyKeys = 64

// Test notes key, and reports whether it may have occurred before: surely not, if it
// returns false. It is for those who keep the attributes in several lists.
func (s *KeySet) Test(key string) bool {
	h := keyHash(key)
	word, bit := &s.filter[h>>6&3], uint64(1)<<(h&63)
	hit := *word&bit != 0
	*word |= bit
	return hit
}

// Add reports whether key is new, kept being the attributes added so far.
func (s *KeySet) Add(key string, kept []slog.Attr) bool {
	if len(kept) >= manyKeys {
		return s.addMany(key, kept)
	}
	return !s.Test(key) || !HasKey(kept, key)
}

// HasKey reports whether one of attrs has the key.
func HasKey(attrs []slog.Attr, key string) bool {
	for i := range attrs {
		if attrs[i].Key == key {
			return true
		}
	}
	return false
}

func (s *KeySet) addMany(key string, kept []slog.Attr) bool {
	if s.many == nil {
		s.many = make(map[string]struct{}, 2*len(kept))
		for _, a := range kept {
			s.many[a.Key] = struct{}{}
		}
	}
	if _, ok := s.many[key]; ok {
		return false
	}
	s.many[key] = struct{}{}
	return true
}

// keyHash looks at three bytes and the length: enough to tell the keys of one
// record apart most of the time, at a fraction of the cost of a real hash.
func keyHash(key string) uint {
	n := uint(len(key))
	if n == 0 {
		return 0
	}
	return n*31 + uint(key[0])*7 + uint(key[n/2])*13 + uint(key[n-1])*101
}
