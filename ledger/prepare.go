package ledger

import (
	"log/slog"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// preparer turns records into what is stored. It holds the memory for one record
// and is used again for the next; it is not safe for concurrent use.
type preparer struct {
	rec   otlp.Record
	attrs []slog.Attr // as long as it ever was for this record
}

// maxKeptAttrs bounds the memory that a preparer keeps between records.
const maxKeptAttrs = 256

// reset lets go of all that the last record referred to.
func (p *preparer) reset() {
	clear(p.attrs)
	if cap(p.attrs) > maxKeptAttrs {
		p.attrs = nil
	}
	p.rec = otlp.Record{}
}

// build stamps r, hides what is secret and brings it within the server's limits. r is
// only read. The result is valid until the next call of build, encode or reset.
func (p *preparer) build(r *Record, s *stamp) *otlp.Record {
	// What the record's fields say comes first, so that attributes of the same key
	// win; what is ours comes last, so that nothing wins over it.
	attrs := scrubAll(appendException(p.attrs[:0], r), s.scrub)
	known := len(attrs)
	attrs = append(attrs, s.scope...)
	scrubAll(attrs[known:], s.text())
	if r.preset != nil {
		attrs = append(attrs, r.preset.attrs...) // They are scrubbed.
	}
	known = len(attrs)
	attrs, dropped := otlp.Flatten(attrs, "", r.Attrs)
	scrubAll(attrs[known:], s.text())
	longest := len(attrs)
	attrs, f := limitAll(otlp.Dedup(attrs), s.max)
	kind := f.kind(r)
	if kind == TypeException {
		attrs = completeException(attrs, r, s)
	}
	id := string(s.id[:])
	attrs = append(attrs, slog.String(keyID, id), slog.String(keyUID, id), slog.String(keyType, string(kind)))
	if i := f.rank(r); i != "" {
		attrs = append(attrs, slog.String(keyImportance, string(i)))
	}
	p.attrs = attrs[:max(len(attrs), longest)]
	attrs, cut := fit(attrs, s.max.attributes-fixedJSON-s.resource, kind == TypeEndpoint)
	p.rec = s.record(r)
	p.rec.Body = body(r, attrs, s)
	p.rec.Attrs, p.rec.Flat, p.rec.Dropped = attrs, true, uint32(dropped+cut)
	return &p.rec
}

// severityOf maps slog's levels to OTLP's numbers, 1 to 24, which have the same
// distances.
func severityOf(l slog.Level) int { return int(min(max(l, -8), 15)) + 9 }

// limitAll brings every attribute within its limit, in place.
func limitAll(attrs []slog.Attr, limits fieldLimits) (kept []slog.Attr, f facts) {
	f.max = limits
	kept = attrs[:0]
	hasOriginal := false
	for _, a := range attrs {
		hasOriginal = hasOriginal || a.Key == keyOriginalMethod
		if f.limit(&a) {
			kept = append(kept, a)
		}
	}
	if f.original != "" && !hasOriginal {
		kept = append(kept, slog.String(keyOriginalMethod, f.original))
	}
	return kept, f
}

// kind returns the type of the record: as given, or as the server infers it, except
// that the rest is what an application printed, rather than "custom".
func (f facts) kind(r *Record) Type {
	switch {
	case r.Type.known():
		return r.Type
	case f.typ.known():
		return f.typ
	case f.exception:
		return TypeException
	case f.method && f.route && f.status && f.duration:
		return TypeEndpoint
	case f.database:
		return TypeDatabase
	case f.code:
		return TypeLogger
	}
	return TypeConsole
}

// rank returns the importance of the record, "" to let the server infer it.
func (f facts) rank(r *Record) Importance {
	switch {
	case r.Importance.known():
		return r.Importance
	case f.importance.known():
		return f.importance
	}
	return ""
}

// completeException gives the record a type and a message: without both the server
// does not take it for an exception.
func completeException(attrs []slog.Attr, r *Record, s *stamp) []slog.Attr {
	kind, attrs := fallback(attrs, keyExceptionType, "error")
	message := otlp.Cut(scrubText(r.Message, s.text()), s.max.exceptionMessage)
	if isBlank(message) {
		message = kind
	}
	_, attrs = fallback(attrs, keyExceptionMessage, message)
	return attrs
}

// fallback sets an attribute that is absent or blank, and returns its value.
func fallback(attrs []slog.Attr, key, value string) (string, []slog.Attr) {
	for i := range attrs {
		if attrs[i].Key != key {
			continue
		}
		if isBlank(attrs[i].Value.String()) {
			attrs[i].Value = slog.StringValue(value)
		}
		return attrs[i].Value.String(), attrs
	}
	return value, append(attrs, slog.String(key, value))
}

// body returns the message, or that of the exception.
func body(r *Record, attrs []slog.Attr, s *stamp) string {
	message := scrubText(r.Message, s.text())
	if isBlank(message) {
		for _, a := range attrs {
			if a.Key == keyExceptionMessage {
				message = a.Value.String()
			}
		}
	}
	return otlp.Cut(message, s.max.message)
}
