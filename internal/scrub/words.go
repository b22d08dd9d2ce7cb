package scrub

// maxKey is how much of a key is looked at, from its end.
const maxKey = 128

// words are the words of a key in lower case, the last one first.
type words struct {
	text       [maxKey]byte
	start, end [12]uint8 // of each word in text
	count      int
	inLast     int // how many are in the last dotted part
}

// split cuts a key into words: at what is neither letter nor digit, between a lower-case
// letter and an upper-case one, and before the last of several upper-case letters that
// begin a word, as in HTTPToken. Words beyond the twelfth from the end do not matter.
func (w *words) split(key string) {
	if len(key) > maxKey {
		key = key[len(key)-maxKey:]
	}
	dotted := false
	end := len(key)
	for i := len(key) - 1; i >= 0 && w.count < len(w.start); i-- {
		c := key[i]
		if class[c]&isAlnum == 0 {
			w.add(i+1, end, dotted)
			dotted = dotted || (c == '.' && w.count > 0)
			end = i
			continue
		}
		w.text[i] = lower(c)
		if isUpper(c) && i > 0 && i < end && begins(key, i) {
			w.add(i, end, dotted)
			end = i
		}
	}
	if w.count < len(w.start) {
		w.add(0, end, dotted)
	}
}

// begins reports whether the upper-case letter at i begins a word.
func begins(key string, i int) bool {
	return isLower(key[i-1]) || isUpper(key[i-1]) && i+1 < len(key) && isLower(key[i+1])
}

func (w *words) add(start, end int, dotted bool) {
	if start >= end {
		return
	}
	w.start[w.count], w.end[w.count] = uint8(start), uint8(end)
	w.count++
	if !dotted {
		w.inLast++
	}
}

// word is the i-th word from the end, or nothing.
func (w *words) word(i int) []byte {
	if i >= w.count {
		return nil
	}
	return w.text[w.start[i]:w.end[i]]
}

// is reports whether the i-th word from the end is s.
func (w *words) is(i int, s string) bool { return string(w.word(i)) == s }

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lower(c byte) byte {
	if isUpper(c) {
		return c + 'a' - 'A'
	}
	return c
}
