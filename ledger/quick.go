package ledger

import (
	"log/slog"
	"math"
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// encode appends r to dst in its final form (S2): stamped, without secrets, and within
// the server's limits. r is only read.
func (p *preparer) encode(dst []byte, r *Record, s *stamp) []byte {
	if out, ok := quick(dst, r, s); ok {
		return out
	}
	return otlp.AppendRecord(dst, p.build(r, s))
}

// maxQuickAttrs is where looking at each key for one that occurs twice ends.
const maxQuickAttrs = 64

// quick appends a record that needs no change: every attribute is flat, plain, unique,
// surely within its limit and without a secret. Nearly every record is so, and takes one
// pass then, without a copy of its attributes. ok is false, and dst as it was, if the
// record is not; if it is true, the bytes are those that build would have led to.
func quick(dst []byte, r *Record, s *stamp) (_ []byte, ok bool) {
	if r.Err != nil || len(r.Stack) > 0 || len(r.Message) > s.max.message || len(r.Attrs) >= maxQuickAttrs ||
		r.preset != nil && !r.preset.ready {
		return dst, false
	}
	text := s.text() // what was scrubbed already is not again
	if scrubText(r.Message, text) != r.Message {
		return dst, false
	}
	rec := s.record(r)
	rec.Body = r.Message
	out, at := otlp.BeginRecord(dst, &rec)
	var t tally
	if r.preset != nil {
		t = r.preset.tally
	}
	if out, ok = t.appendAll(out, s.scope, text); !ok {
		return dst, false
	}
	if r.preset != nil {
		out = append(out, r.preset.bytes...)
	}
	b, attrs := blockOf(r)
	if out, ok = t.appendBlock(out, b, text); !ok {
		return dst, false
	}
	if out, ok = t.appendAll(out, attrs, text); !ok || t.most > s.max.attributes-fixedJSON-s.resource-ownJSON {
		return dst, false
	}
	kind := t.facts.kind(r)
	if kind == TypeException {
		return dst, false
	}
	out = otlp.AppendText(out, keyID, s.id[:])
	out = otlp.AppendText(out, keyUID, s.id[:])
	out = otlp.AppendText(out, keyType, string(kind))
	if i := t.facts.rank(r); i != "" {
		out = otlp.AppendText(out, keyImportance, string(i))
	}
	return otlp.EndRecord(out, at, &rec, 0), true
}

// ownJSON is more than the attributes take that are ours.
const ownJSON = 2_000

// asItIs is limit for an attribute that needs none: it notes what the attribute
// says, and returns the most characters of JSON that it can take. ok is false if the
// attribute has to be changed, looked into or left out, or if that takes more than a
// glance to tell.
func (f *facts) asItIs(a *slog.Attr, kind slog.Kind) (size int, ok bool) {
	size = scalarJSON
	switch kind {
	case slog.KindString:
		size = 6 * len(a.Value.String())
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool, slog.KindDuration, slog.KindTime:
	default:
		return 0, false
	}
	if !otlp.IsASCII(a.Key) {
		return 0, false
	}
	stored := 2 // times, see copies
	ok = true
	switch a.Key {
	case keyMethod, keyOldMethod:
		f.method = true
		ok = kind == slog.KindString && size <= 6*maxMethod
	case keyRoute, keyPath:
		f.route = true
		ok = kind == slog.KindString && size <= maxPathJSON
	case keyStatus, keyOldStatus:
		f.status = true
		ok = kind == slog.KindInt64 && a.Value.Int64() >= math.MinInt16 && a.Value.Int64() <= math.MaxInt16
	case keyDuration:
		f.duration = true
		ok = kind == slog.KindFloat64 && a.Value.Float64() >= 0 && a.Value.Float64() <= math.MaxInt32
	case "db.system", "db.system.name":
		f.database = true
	case "code.function.name", "code.file.path", "code.function", "code.filepath":
		f.code = true
	case keyPathParams:
		stored = copies(keyPathParams, true)
	case keyType, keyImportance, keyID, keyUID:
		return 0, false
	default:
		ok = !strings.HasPrefix(a.Key, "exception.")
	}
	return (size + 6*len(a.Key) + pairJSON) * stored, ok
}
