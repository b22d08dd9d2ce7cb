package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// record is one record of a log, decoded. Its text is untrusted.
type record struct {
	offset   wal.Offset
	pending  bool
	admitted time.Time
	resource uint32
	// payload is what is sent. It belongs to the walk and is valid for one call.
	payload []byte
	rec     otlp.DecodedRecord
	dead    bool         // it comes from the dead letters
	letter  *otlp.Letter // nil if it is none, or cannot be read
	err     error        // why it could not be decoded; it can be sent all the same
}

func decodeRecord(f wal.Found, j *journal) record {
	r := record{offset: f.Offset, pending: !j.settled(f.Offset), admitted: f.Time, resource: f.Resource, payload: f.Payload}
	if r.dead = j.letters; r.dead {
		payload, letter, err := otlp.SplitLetter(f.Payload)
		if err != nil {
			r.err = err
			return r
		}
		r.payload, r.letter = payload, &letter
	}
	var n int
	r.rec, n, r.err = otlp.DecodeRecord(r.payload)
	if r.err == nil && n != len(r.payload) {
		r.err = fmt.Errorf("%d bytes behind the record", len(r.payload)-n)
	}
	return r
}

// state is what became of it: a dead letter that is settled was delivered after all, or
// given up.
func (r *record) state() string {
	switch {
	case r.pending && r.dead:
		return "dead"
	case r.pending:
		return "pending"
	case r.dead:
		return "gone"
	}
	return "acked"
}

// time is when it happened, as far as it says so.
func (r *record) time() time.Time {
	for _, ns := range []int64{r.rec.Time, r.rec.Observed} {
		if ns != 0 {
			return time.Unix(0, ns).UTC()
		}
	}
	return r.admitted.UTC()
}

// severity is OTLP's number, 9 (INFO) if there is none, as servers take it.
func (r *record) severity() int {
	if n := r.rec.Severity; n > 0 {
		return n
	}
	if n, err := parseLevel(r.rec.SeverityText); err == nil {
		return n
	}
	return levelInfo
}

// message is the body as text.
func (r *record) message() string {
	if s, ok := r.rec.Body.(string); ok {
		return s
	}
	return valueText(r.rec.Body)
}

// id is what a server tells duplicates by, "" if the record has none.
func (r *record) id() string {
	for _, a := range r.rec.Attrs {
		if a.Key == "ledger.log_id" || a.Key == "log.record.uid" {
			if s, ok := a.Value.Any().(string); ok && s != "" {
				return s
			}
		}
	}
	return ""
}

// valueText is a decoded value as text.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte, []any, map[string]any:
		b, err := json.Marshal(jsonValue(v))
		if err != nil {
			return "!" + err.Error()
		}
		return strings.Trim(string(b), `"`)
	}
	return fmt.Sprint(v)
}

// jsonValue makes a decoded value fit for JSON, which has no infinite numbers.
func jsonValue(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = jsonValue(x)
		}
		return out
	case map[string]any:
		return jsonMap(v)
	}
	return v
}

func jsonMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, x := range m {
		out[k] = jsonValue(x)
	}
	return out
}

// jsonAttrs makes attributes an object. Of equal keys the last wins, as on servers.
func jsonAttrs(attrs []slog.Attr) map[string]any {
	m := make(map[string]any, len(attrs))
	for _, a := range attrs {
		m[a.Key] = jsonValue(a.Value.Any())
	}
	return m
}

// resourceAttrs decodes a resource. What cannot be decoded is as good as unknown.
func resourceAttrs(b []byte) []slog.Attr {
	attrs, err := otlp.DecodeResource(b)
	if err != nil {
		return nil
	}
	return attrs
}

func resourceID(id uint32) string { return fmt.Sprintf("%08x", id) }
