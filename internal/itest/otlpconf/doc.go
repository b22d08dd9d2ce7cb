// Package otlpconf holds internal/otlp against the official protobuf types: what
// we write they must read as the same fields, and what they write we must read.
//
// It is a module of its own, so that the generated types stay out of the go.mod
// of everybody who uses the library.
package otlpconf
