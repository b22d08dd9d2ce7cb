package scrub

import (
	"encoding/base64"
	"strings"
)

// token finds a credential that is known by its first characters.
func token(text string, from, start int) (span, bool) {
	if start < from || start >= len(text) || !wordStart(text, start) {
		return span{}, false
	}
	rest := text[start:]
	switch rest[0] {
	case 'b', 'B':
		return scheme(text, start)
	case 'e':
		return jwt(text, from, start)
	case 'A':
		if hasAt(rest, 0, "AKIA") || hasAt(rest, 0, "ASIA") {
			return awsKey(text, from, start)
		}
		return issuedToken(rest, start, "AIza", 30, inToken)
	case 'g':
		if hasAt(rest, 2, "p_") || hasAt(rest, 2, "o_") || hasAt(rest, 2, "u_") || hasAt(rest, 2, "s_") || hasAt(rest, 2, "r_") {
			return issuedToken(rest, start, rest[:4], 20, isAlnum)
		}
		if hasAt(rest, 0, "github_pat_") {
			return issuedToken(rest, start, "github_pat_", 20, inToken)
		}
		return issuedToken(rest, start, "glpat-", 16, inToken)
	case 'n':
		return issuedToken(rest, start, "npm_", 30, isAlnum)
	case 'h':
		return issuedToken(rest, start, "hf_", 30, isAlnum)
	case 'w':
		return issuedToken(rest, start, "whsec_", 16, inBase64)
	case 'S':
		return issuedToken(rest, start, "SG.", 20, inKey)
	case 'x':
		if len(rest) > 5 && rest[:3] == "xox" && rest[4] == '-' {
			return issuedToken(rest, start, rest[:5], 10, inToken)
		}
	case 's', 'r':
		if hasAt(rest, 1, "k_live_") || hasAt(rest, 1, "k_test_") {
			return issuedToken(rest, start, rest[:8], 10, isAlnum)
		}
		return openKey(rest, start)
	case 'l':
		return ledgerKey(rest, start)
	}
	return span{}, false
}

// issuedToken is a prefix and at least n characters of a set.
func issuedToken(rest string, start int, prefix string, n int, set uint8) (span, bool) {
	if !strings.HasPrefix(rest, prefix) {
		return span{}, false
	}
	end := runEnd(rest, len(prefix), set)
	for end > 0 && rest[end-1] == '.' {
		end--
	}
	if end-len(prefix) < n {
		return span{}, false
	}
	return span{start, start + end, Redacted}, true
}

// openKey is sk- and a long word that no style sheet has. What the first characters tell
// is asked first: a text of nothing but sk-sk-sk- is not read to its end at each of them.
func openKey(rest string, start int) (span, bool) {
	if !strings.HasPrefix(rest, "sk-") {
		return span{}, false
	}
	f := featuresOf(rest[:runEnd(rest[:min(len(rest), 64)], 0, inToken)])
	if f.digits == 0 || (f.upper == 0 && f.lower+f.digits < 32) {
		return span{}, false
	}
	return issuedToken(rest, start, "sk-", 20, inToken)
}

// ledgerKey is a key of the Ledger server: 32 random bytes. Our own metrics have names
// as long, in lower case.
func ledgerKey(rest string, start int) (span, bool) {
	if !strings.HasPrefix(rest, "ledger_") || featuresOf(rest[:min(len(rest), len("ledger_")+43)]).upper == 0 {
		return span{}, false
	}
	return issuedToken(rest, start, "ledger_", 43, inToken)
}

// awsKey is the identifier of a key of AWS, together with the key itself if that stands
// close to it: forty characters without a prefix, which would pass for anything.
func awsKey(text string, from, start int) (span, bool) {
	const near = 128
	end := start + 20
	for i := start + 4; i < end; i++ {
		if c := byteAt(text, i); !isUpper(c) && !isDigit(c) {
			return span{}, false
		}
	}
	if isAt(text, end, isAlnum) || byteAt(text, end) == '_' {
		return span{}, false
	}
	if a, b := forty(text, max(from, start-near), start); b > 0 {
		return span{a, end, Redacted + text[b:start] + Redacted}, true
	}
	if a, b := forty(text, end, min(len(text), end+near)); b > 0 {
		return span{start, b, Redacted + text[end:a] + Redacted}, true
	}
	return span{start, end, Redacted}, true
}

// forty finds a word of forty characters of base64 in text[i:end]. A hash in
// hexadecimal is none.
func forty(text string, i, end int) (start, stop int) {
	for ; i < end; i++ {
		run := i
		for run < len(text) && run-i <= 40 && (class[text[run]]&isAlnum != 0 || text[run] == '+' || text[run] == '/') {
			run++
		}
		if run-i == 40 {
			if f := featuresOf(text[i:run]); f.upper > 0 && f.lower > 0 {
				return i, run
			}
		}
		i = max(i, run)
	}
	return 0, 0
}

// jwt finds a JSON Web Token: a header that is JSON, and two more parts. Of a token that
// was cut the payload is enough.
func jwt(text string, from, start int) (span, bool) {
	if start < from || !hasAt(text, start, "eyJ") || (isAt(text, start-1, inToken) && !wordStart(text, start)) {
		return span{}, false
	}
	dot := runEnd(text[:min(len(text), start+maxHeader+1)], start, inToken)
	if byteAt(text, dot) != '.' || !isHeader(text[start:dot]) {
		return span{}, false
	}
	end := runEnd(text, dot+1, inToken)
	isToken := hasAt(text, dot+1, "eyJ")
	for byteAt(text, end) == '.' && isAt(text, end+1, inToken) {
		end = runEnd(text, end+1, inToken)
		isToken = true
	}
	if !isToken || end == dot+1 {
		return span{}, false
	}
	return span{start, end, Redacted}, true
}

// maxHeader is the longest header of a token.
const maxHeader = 1024

// isHeader reports whether a part of a token is an object of JSON.
func isHeader(part string) bool {
	var encoded, buf [maxHeader]byte
	if len(part) > len(encoded) {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(buf[:], encoded[:copy(encoded[:], part)])
	return err == nil && n > 2 && buf[0] == '{' && buf[n-1] == '}'
}
