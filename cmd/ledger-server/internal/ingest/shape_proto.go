package ingest

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// A kind is a message of the OTLP logs schema, or a text field.
type kind int

const (
	unknown kind = iota // not looked into
	text
	request
	resourceLogs
	resourceMessage
	scopeLogs
	scope
	logRecord
	keyValue
	anyValue
	arrayValue
	keyValueList
)

// child returns the kind of a length-delimited field.
func child(parent kind, field protowire.Number) kind {
	type place struct {
		parent kind
		field  protowire.Number
	}
	switch (place{parent, field}) {
	case place{request, 1}:
		return resourceLogs
	case place{resourceLogs, 1}:
		return resourceMessage
	case place{resourceLogs, 2}:
		return scopeLogs
	case place{scopeLogs, 1}:
		return scope
	case place{scopeLogs, 2}:
		return logRecord
	case place{resourceMessage, 1}, place{scope, 3}, place{logRecord, 6}, place{keyValueList, 1}:
		return keyValue
	case place{logRecord, 5}, place{keyValue, 2}, place{arrayValue, 1}:
		return anyValue
	case place{anyValue, 5}:
		return arrayValue
	case place{anyValue, 6}:
		return keyValueList
	case place{resourceLogs, 3}, place{scopeLogs, 3}, place{scope, 1}, place{scope, 2},
		place{logRecord, 3}, place{logRecord, 12}, place{keyValue, 1}, place{anyValue, 1}:
		return text
	}
	return unknown
}

// protoShape looks through a request in protobuf. Beside the shape it checks
// that every text is UTF-8, as protobuf demands and the decoder does not.
func protoShape(body []byte) (shape, error) {
	var s shape
	err := s.message(body, request, 0)
	return s, err
}

func (s *shape) message(b []byte, k kind, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	s.values++
	if k == logRecord {
		s.records++
	}
	for len(b) > 0 {
		field, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if wire != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, wire, b); n < 0 {
				return errWire
			}
			b = b[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if err := s.field(value, child(k, field), depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) field(value []byte, k kind, depth int) error {
	switch k {
	case unknown:
		return nil
	case text:
		if !utf8.Valid(value) {
			return errUTF8
		}
		return nil
	default:
		return s.message(value, k, depth+1)
	}
}
