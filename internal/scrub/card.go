package scrub

// maxCard is the greatest number of digits on a card, minCard the smallest.
const (
	minCard = 13
	maxCard = 19
)

// card finds the card number of which the four digits at i are a part.
//
// Its digits stand together or in groups of four and more, of which the last may be
// shorter, with the same separator between all. A group before the number is tried
// first, and left if nothing that begins with it is a card.
func card(text string, from, i int) (span, bool) {
	starts := [5]int{groupStart(text, from, i)}
	n := 1
	for ; n < len(starts) && starts[n-1] >= 0; n++ {
		starts[n] = groupBefore(text, from, starts[n-1])
	}
	for n--; n >= 0; n-- {
		if starts[n] < 0 {
			continue
		}
		if end, ok := cardAt(text, starts[n]); ok && end > i {
			return number(text, span{starts[n], end, Redacted}), true
		}
	}
	return span{}, false
}

// groupStart is the start of the digits that stand together before i, or -1 if there
// are too many for a card. The digits of %20 are none of them.
func groupStart(text string, from, i int) int {
	start := i
	for start > from && isDigit(text[start-1]) {
		if i-start > maxCard {
			return -1
		}
		start--
	}
	if byteAt(text, start-1) == '%' && i-start >= 2 {
		start += 2
	}
	return start
}

// groupBefore is the start of the group before the one at i, or -1.
func groupBefore(text string, from, i int) int {
	end := i - 1
	if hasAt(text, i-3, "%20") {
		end = i - 3
	} else if !isCardSeparator(byteAt(text, end)) {
		return -1
	}
	if end <= from {
		return -1
	}
	start := groupStart(text, from, end)
	if end-start < 4 {
		return -1
	}
	return start
}

func isCardSeparator(c byte) bool { return c == ' ' || c == '-' || c == '+' || c == '.' }

// cardAt returns the end of the card number that begins at i.
func cardAt(text string, i int) (int, bool) {
	if !standsAlone(text, i) {
		return 0, false
	}
	var number [maxCard]byte
	n, group, best := 0, 0, 0
	separator := ""
	for at := i; ; at++ {
		if isDigit(byteAt(text, at)) {
			if n == maxCard {
				break
			}
			number[n] = text[at] - '0'
			n++
			group++
			continue
		}
		if n >= minCard && endsNumber(text, at) && isCard(number[:n]) {
			best = at
		}
		if group < 4 {
			break
		}
		width := 1
		if hasAt(text, at, "%20") {
			width = 3
		} else if !isCardSeparator(byteAt(text, at)) {
			break
		}
		if separator == "" {
			separator = text[at : at+width]
		}
		if text[at:at+width] != separator || !isDigit(byteAt(text, at+width)) || separator == "." && group != 4 {
			break
		}
		at += width - 1
		group = 0
	}
	return best, best > 0
}

// standsAlone reports whether a number may begin at i: not within a word, a hexadecimal
// number or a fraction, and not after the plus of a phone number.
func standsAlone(text string, i int) bool {
	if !wordStart(text, i) {
		return false
	}
	switch byteAt(text, i-1) {
	case '.':
		return !isDigit(byteAt(text, i-2))
	case '+':
		return isAt(text, i-2, isAlnum)
	}
	return true
}

// endsNumber reports whether a number may end before i.
func endsNumber(text string, i int) bool {
	if byteAt(text, i) == '.' && isDigit(byteAt(text, i+1)) {
		return false
	}
	return !isAt(text, i, isAlnum) && byteAt(text, i) != '_'
}

// number quotes what takes the place of a number of JSON, so that it stays JSON.
func number(text string, found span) span {
	i := found.start
	for i > 0 && text[i-1] == ' ' && found.start-i < 8 {
		i--
	}
	if byteAt(text, i-1) != ':' {
		return found
	}
	quote := i - 1
	for byteAt(text, quote-1) == ' ' && i-quote < 8 {
		quote--
	}
	if byteAt(text, quote-1) != '"' {
		return found
	}
	level := 0
	for byteAt(text, quote-2-level) == '\\' && level < 8 {
		level++
	}
	mark := text[quote-1-level : quote]
	found.with = mark + Redacted + mark
	return found
}
