package scrub

import "strings"

// names are keys that the application named, in one spelling: lower case, without
// separators.
type names struct {
	set  map[string]bool
	last uint64 // the last letters of all of them, as a set
}

// maxName bounds the spelling that is compared. A longer key is compared by its end.
const maxName = 96

func newNames(keys []string) names {
	n := names{set: make(map[string]bool, len(keys))}
	for _, k := range keys {
		var spelling strings.Builder
		for i := range len(k) {
			if spelled(k[i]) {
				spelling.WriteByte(lower(k[i]))
			}
		}
		if name := spelling.String(); name != "" && len(name) <= maxName {
			n.set[name] = true
			n.last |= 1 << (name[len(name)-1] & 63)
		}
	}
	return n
}

// spelled reports whether a character tells names apart. Letters beyond ASCII do.
func spelled(c byte) bool { return class[c]&isAlnum != 0 || c >= 0x80 }

// has reports whether key is one of the names, or its last dotted parts are. It does not
// allocate.
func (n *names) has(key string) bool {
	end := len(key)
	for end > 0 && !spelled(key[end-1]) {
		end--
	}
	if end == 0 || n.last>>(lower(key[end-1])&63)&1 == 0 {
		return false
	}
	var spelling [maxName]byte
	at := len(spelling)
	for i := end - 1; i >= 0 && at > 0; i-- {
		c := key[i]
		if spelled(c) {
			at--
			spelling[at] = lower(c)
		}
		if (i == 0 || key[i-1] == '.' || key[i-1] == '[') && n.set[string(spelling[at:])] {
			return true
		}
	}
	return false
}
