package scrub

import "strings"

const maxFolded = 24

// fold is v in lower case, in buf: strings.ToLower would allocate. A longer v is no word
// that is looked for.
func fold(buf *[maxFolded]byte, v string) []byte {
	if len(v) > len(buf) {
		return nil
	}
	for i := range len(v) {
		buf[i] = lower(v[i])
	}
	return buf[:len(v)]
}

// masked reports whether a value is hidden already.
func masked(v string) bool {
	return v == Redacted || v == hiddenParameter || strings.Trim(v, "*") == ""
}

// isLiteral reports whether a value says that there is none.
func isLiteral(v string) bool {
	switch len(v) {
	case 2, 3, 4, 5, 9:
		var buf [maxFolded]byte
		switch string(fold(&buf, v)) {
		case "null", "nil", "none", "true", "false", "undefined", "n/a", "no", "yes", "-":
			return true
		}
	}
	return false
}

// isPlaceholder reports whether a value stands for one: a variable, the parameter of a
// statement, a verb of a format.
func isPlaceholder(v string) bool {
	switch v[0] {
	case '$':
		rest := v[1:]
		if strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "(") {
			return strings.IndexByte("})", rest[len(rest)-1]) >= 0 || !strings.ContainsAny(rest, "})")
		}
		return len(rest) > 0 && len(rest) < 3 && isDigit(rest[0])
	case '%':
		return len(v) == 2 && strings.IndexByte("svqdx", v[1]) >= 0 || strings.HasPrefix(v, "%(")
	case '?':
		return len(v) == 1
	case '.':
		return strings.Trim(v, ".") == ""
	}
	return strings.HasPrefix(v, "{{")
}

// isTemplate reports whether the rest of a group is the name of a variable: token} of
// /reset?token={token}.
func isTemplate(rest string) bool {
	return runEnd(rest, 0, inKey) == len(rest)-1
}

// isPIN reports whether a value has the length of a personal number.
func isPIN(v string) bool {
	f := featuresOf(v)
	return f.digits == len(v) && len(v) >= 4 && len(v) <= 8
}

// isTrivial reports whether a value is a small number, a directory or a word like ok:
// pass=3, PWD=/home/bob.
func isTrivial(v string) bool {
	if isLiteral(v) || isStop(v) || v[0] == '/' || v[0] == '~' || len(v) > 2 && v[1] == ':' && (v[2] == '\\' || v[2] == '/') {
		return true
	}
	return len(v) < 5 && featuresOf(v).digits == len(v)
}

// schemeLength is the length of the scheme of an Authorization header and the blank
// after it, or 0.
func schemeLength(v string) int {
	n := strings.IndexByte(v, ' ')
	if n <= 0 || n > 20 {
		return 0
	}
	var buf [maxFolded]byte
	switch string(fold(&buf, v[:n])) {
	case "bearer", "basic", "token", "negotiate", "ntlm", "apikey", "api-key", "dpop", "key", "digest", "hawk", "oauth",
		"aws4-hmac-sha256", "signature", "sharedkey":
		return n + 1
	}
	return 0
}

// takesParameters reports whether a scheme is followed by a list of parameters.
func takesParameters(word string) bool {
	var buf [maxFolded]byte
	switch string(fold(&buf, word)) {
	case "digest", "hawk", "oauth", "aws4-hmac-sha256", "signature":
		return true
	}
	return false
}

// isStop reports whether a word after a key and a colon goes on with a sentence. They
// are the first words of the errors of the standard library, of gRPC and of what people
// write.
func isStop(v string) bool {
	var buf [maxFolded]byte
	switch string(fold(&buf, strings.TrimRight(v, ".!?"))) {
	case "a", "an", "the", "this", "that", "it", "is", "was", "are", "be", "not", "no", "none", "nil", "null", "true",
		"false", "yes", "must", "should", "shall", "cannot", "can", "could", "can't", "couldn't", "doesn't", "does", "do",
		"did", "didn't", "has", "have", "had", "may", "will", "too", "to", "of", "for", "from", "at", "in", "on", "by",
		"with", "without", "your", "you", "my", "we", "and", "or", "but", "if", "when":
		return true
	case "expected", "unexpected", "invalid", "missing", "required", "failed", "failure", "failing", "error", "errors",
		"expired", "expires", "incorrect", "wrong", "bad", "mismatch", "mismatched", "unauthorized", "unauthorised",
		"unauthenticated", "forbidden", "denied", "refused", "rejected", "revoked", "refreshed", "created", "deleted",
		"updated", "changed", "rotated", "found", "ok", "okay", "valid", "success", "successful", "done", "unknown",
		"unsupported", "unavailable", "undefined", "empty", "set", "unset", "reset", "present", "absent", "available":
		return true
	case "connection", "context", "dial", "read", "write", "open", "close", "get", "post", "put", "delete", "list", "eof",
		"timeout", "deadline", "canceled", "cancelled", "illegal", "malformed", "permission", "rpc", "exit", "signature",
		"user", "users", "key", "keys", "value", "token", "tokens", "password", "secret", "length", "type", "invalidated",
		"decode", "encode", "parse", "parsing", "fetch", "fetching", "request", "response", "server", "client", "access",
		"internal", "resource", "too-long", "too-short", "none-provided", "cipher", "crypto", "hash", "admin", "string",
		"verification", "authentication", "authorization", "enabled", "disabled", "optional", "ignored", "hidden", "fail":
		return true
	}
	return false
}
