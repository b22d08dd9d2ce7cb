package ingest

import (
	"encoding/json"
	"unicode/utf8"
)

// jsonShape looks through a request in JSON. Beside the shape it checks what the
// decoder lets pass: that the whole body is one JSON value in UTF-8, and that no
// field has an empty name, at which the decoder would take the object for ended
// and lose what follows.
func jsonShape(body []byte) (shape, error) {
	if !utf8.Valid(body) {
		return shape{}, errUTF8
	}
	if !json.Valid(body) {
		return shape{}, errSyntax
	}
	s := shape{values: 1}
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			s.values++
			if depth++; depth > maxDepthJSON {
				return s, errTooDeep
			}
		case '}', ']':
			depth--
		case ',':
			s.values++
		case '"':
			end := stringEnd(body, i)
			if end == i+2 && nextByte(body, end) == ':' {
				return s, errEmptyName
			}
			i = end - 1
		}
	}
	return s, nil
}

// stringEnd returns the index behind the string that begins at i. The body is
// known to be valid.
func stringEnd(body []byte, i int) int {
	for i++; body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// nextByte returns the first byte at or after i that is not white space.
func nextByte(body []byte, i int) byte {
	for ; i < len(body); i++ {
		switch body[i] {
		case ' ', '\t', '\n', '\r':
		default:
			return body[i]
		}
	}
	return 0
}
