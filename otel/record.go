package ledgerotel

import (
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// The attributes that carry what a [ledger.Record] has no field for. All but the
// severity's are those that OpenTelemetry's specification has for formats like it.
const (
	keySeverityText   = "otel.severity_text"
	keyScope          = "otel.scope."
	keyScopeName      = keyScope + "name"
	keyScopeVersion   = keyScope + "version"
	keyScopeSchemaURL = keyScope + "schema_url"
	keyDropped        = "otel.dropped_attributes_count"
	keyTraceID        = "trace_id"
)

const (
	keyExceptionMessage = "exception.message"
	keyExceptionStack   = "exception.stacktrace"
)

// mapping is the memory for mapping one record, reused for the next.
type mapping struct{ attrs []slog.Attr }

// maxKeptAttrs bounds the memory that a mapping keeps between records.
const maxKeptAttrs = 256

var mappings = sync.Pool{New: func() any { return new(mapping) }}

// release lets go of what the record referred to.
func (m *mapping) release() {
	clear(m.attrs)
	if cap(m.attrs) <= maxKeptAttrs {
		m.attrs = m.attrs[:0]
		mappings.Put(m)
	}
}

// record maps r, whose resource has extra attributes. The last of equal keys wins, so
// the attributes of the record itself come last. The result is valid until release.
func (m *mapping) record(r *sdklog.Record, extra []slog.Attr) ledger.Record {
	level := levelOf(r.Severity(), r.SeverityText())
	rec := ledger.Record{
		Time: r.Timestamp(), Level: level, Type: ledger.TypeLogger,
		Message: r.Body().String(), EventName: r.EventName(),
	}
	if rec.Time.IsZero() {
		rec.Time = r.ObservedTimestamp()
	}
	m.attrs = append(m.attrs, extra...)
	m.scope(r)
	if saysMore(r.SeverityText(), level) {
		m.add(slog.String(keySeverityText, r.SeverityText()))
	}
	if n := r.DroppedAttributes(); n > 0 {
		m.add(slog.Int(keyDropped, n))
	}
	if r.TraceID().IsValid() && !r.SpanID().IsValid() {
		id := r.TraceID()
		m.add(slog.String(keyTraceID, hex.EncodeToString(id[:])))
	}
	hasMessage := false
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		key := string(kv.Key)
		if key == keyExceptionStack && kv.Value.Type() == attribute.STRING {
			rec.Stack = []byte(kv.Value.AsString()) // The client rewrites it.
			rec.Type = ""
			return true
		}
		if decidesType(key) {
			rec.Type = "" // The client infers it from the attributes.
		}
		hasMessage = hasMessage || key == keyExceptionMessage
		m.add(attrOf(kv))
		return true
	})
	if r.Body().Type() == attribute.EMPTY && !hasMessage {
		rec.Message = r.EventName()
	}
	rec.Attrs = m.attrs
	return rec
}

func (m *mapping) add(a slog.Attr) { m.attrs = append(m.attrs, a) }

// scope adds the instrumentation scope, which for the client is that of all records.
func (m *mapping) scope(r *sdklog.Record) {
	s := r.InstrumentationScope()
	for it := s.Attributes.Iter(); it.Next(); {
		kv := it.Attribute()
		m.add(slog.Attr{Key: keyScope + string(kv.Key), Value: valueOf(kv.Value, maxMaps)})
	}
	for _, of := range [...]struct{ key, value string }{
		{keyScopeName, s.Name}, {keyScopeVersion, s.Version}, {keyScopeSchemaURL, s.SchemaURL},
	} {
		if of.value != "" {
			m.add(slog.String(of.key, of.value))
		}
	}
}

// decidesType reports whether an attribute says what kind of record this is, so that it
// is more than a line of a log. A key may also be that of a map of such attributes.
func decidesType(key string) bool {
	root, rest, _ := strings.Cut(key, ".")
	switch root {
	case "exception", "ledger":
		return true
	case "db":
		return rest == "" || rest == "system" || rest == "system.name"
	}
	return false
}
