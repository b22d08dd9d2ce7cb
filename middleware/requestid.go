package middleware

const (
	requestIDHeader = "X-Request-Id"
	requestIDMax    = 128
)

// requestID returns the ID that the request came with or, failing that, the one that
// the application answered with.
func requestID(x *exchange) string {
	if id := x.outer.Header.Get(requestIDHeader); validID(id) {
		return id
	}
	if id := x.header.Get(requestIDHeader); validID(id) {
		return id
	}
	return ""
}

// validID admits what can be stored and searched as one word: printable ASCII.
func validID(id string) bool {
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
