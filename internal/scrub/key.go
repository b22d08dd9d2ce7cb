package scrub

// A kind says how the value of a key is to be looked at.
type kind uint8

const (
	public    kind = iota
	secret         // hidden whatever it is
	chosen         // a password: people choose it, so it may be a plain word
	statement      // authorization: a scheme may stand before the secret
	cookies        // cookie: pairs up to the end of the line
	digits         // pin: in text only if it is a number of that length
	shorthand      // pass, pwd: in text not if it is a count or a directory
	vague          // auth, signature: everyday words; in text only what looks random
)

// Key reports whether the value of an attribute, a header or a parameter of this name is
// a secret. Letter case does not matter, and - _ . and an upper-case letter separate
// words alike: accessToken, access-token, ACCESS_TOKEN and user.access_token are one.
func (s *Scrubber) Key(key string) bool {
	if s == nil {
		return false
	}
	if s.hidden.last != 0 && s.hidden.has(key) {
		return true
	}
	return suspicious(key) && s.kind(key) != public
}

// Names reports whether the configuration names key as secret. It is Key for a key that
// the built-in rules are known to show.
func (s *Scrubber) Names(key string) bool {
	return s != nil && s.hidden.last != 0 && s.hidden.has(key)
}

// kind is Key, with more to say.
func (s *Scrubber) kind(key string) kind {
	if s.hidden.last != 0 && s.hidden.has(key) {
		return secret
	}
	if !suspicious(key) {
		return public
	}
	k := classify(key)
	if k != public && s.allowed.has(key) {
		return public
	}
	return k
}

// suspicious is the filter before classify: it lets every secret key pass, and hardly
// any other. A stem that makes a key secret wherever it stands (password, secret, token,
// key, credential, authorization) has a telling pair of letters at an even offset and
// one at an odd offset, so it is enough to look at every second pair. What makes a key
// secret only as its end is known by the last four bytes.
func suspicious(key string) bool {
	n := len(key)
	if n < 3 {
		return false
	}
	if n < 8 {
		for i := 0; i+2 <= n; i += 2 {
			if stemFirst[key[i]]&stemSecond[key[i+1]] != 0 {
				return true
			}
		}
	} else {
		met := stems(eight(key, (n-8)&^1))
		for i := 0; i+8 < n; i += 8 {
			met |= stems(eight(key, i))
		}
		if met != 0 {
			return true
		}
	}
	tail := uint32(key[n-3]) | uint32(key[n-2])<<8 | uint32(key[n-1])<<16 | 0x202020
	if endings[ending(tail)] != tail {
		return false
	}
	// The most common of these ends is that of status_code.
	return tail != codeEnding || n < 7 || class[key[n-5]]&isAlnum != 0 || key[n-6]|0x20 != 's' || key[n-7]|0x20 != 'u'
}

// stems reports whether one of four pairs is telling.
func stems(x uint64) uint8 {
	return stemFirst[byte(x)]&stemSecond[byte(x>>8)] | stemFirst[byte(x>>16)]&stemSecond[byte(x>>24)] |
		stemFirst[byte(x>>32)]&stemSecond[byte(x>>40)] | stemFirst[byte(x>>48)]&stemSecond[byte(x>>56)]
}

// ending spreads the endings below over a table without collision.
func ending(tail uint32) uint32 { return tail * endingFactor >> 24 }

// The pairs of letters, each in a bucket of its own: wo wd sw (password, passwd), cr ec
// (secret, credential), ok ke (token, key), ey, ia (credential), au za (authorization).
var stemFirst, stemSecond = stemTables()

func stemTables() (first, second [256]uint8) {
	for bucket, pair := range [8][2]string{
		{"w", "od"}, {"s", "w"}, {"c", "r"}, {"e", "cy"}, {"k", "e"}, {"o", "k"}, {"iz", "a"}, {"a", "u"},
	} {
		mark(&first, pair[0], 1<<bucket)
		mark(&second, pair[1], 1<<bucket)
	}
	return first, second
}

// mark sets bit for letters of either case.
func mark[T uint8 | uint32](table *[256]T, letters string, bit T) {
	for _, c := range []byte(letters) {
		table[c] |= bit
		if 'a' <= c && c <= 'z' {
			table[c-'a'+'A'] |= bit
		}
	}
}

const codeEnding = 'o' | 'd'<<8 | 'e'<<16

const endingFactor = 0x9E3779C3

var endings = endingTable()

func endingTable() (table [256]uint32) {
	for _, e := range []string{
		"ass", "pwd", "swd", "psw", "uth", "jwt", "rer", "srf", "otp", "pin", "ssn", "cvv", "cvc", "vv2",
		"ure", "kie", "ies", "eds", "ode", "des", "ase", "sid", "nid", "nse", "ber", "ard",
	} {
		tail := uint32(e[0]) | uint32(e[1])<<8 | uint32(e[2])<<16
		table[ending(tail)] = tail | 0x202020
	}
	return table
}
