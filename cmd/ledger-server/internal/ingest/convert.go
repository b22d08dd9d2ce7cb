package ingest

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

var errFuture = fmt.Errorf("timestamp is more than %v in the future", record.MaxAhead)

// maxReasons is the number of rejected records that an answer names.
const maxReasons = 5

// A batch is a request, converted.
type batch struct {
	accepted []record.Record
	rejected int
	reasons  []string // of the first maxReasons that were rejected
}

// convert makes records of logs. A record that the platform would refuse, or
// accept and then lose, is rejected, alone.
func convert(logs plog.Logs, now time.Time) batch {
	b := batch{accepted: make([]record.Record, 0, logs.LogRecordCount())}
	for _, rl := range logs.ResourceLogs().All() {
		var res *resource // made for the first record: there may be none
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				if res == nil {
					res = newResource(rl.Resource().Attributes())
				}
				b.add(lr, res, now)
			}
		}
	}
	return b
}

func (b *batch) add(lr plog.LogRecord, res *resource, now time.Time) {
	index := len(b.accepted) + b.rejected
	// Records without a time get one each: those that have no ID either are
	// told apart by it.
	r, err := convertRecord(lr, res, now.Add(time.Duration(index)))
	if err == nil {
		b.accepted = append(b.accepted, r)
		return
	}
	b.rejected++
	if len(b.reasons) < maxReasons {
		b.reasons = append(b.reasons, fmt.Sprintf("Log %d: %v", index, err))
	}
}

// message returns what partial_success says: positions and reasons, no text of
// records (I6).
func (b *batch) message() string {
	s := strings.Join(b.reasons, "; ")
	if more := b.rejected - len(b.reasons); more > 0 {
		s += fmt.Sprintf("; and %d more", more)
	}
	return s
}

func convertRecord(lr plog.LogRecord, res *resource, now time.Time) (record.Record, error) {
	if res.err != nil {
		return record.Record{}, fmt.Errorf("resource: %w", res.err)
	}
	a := attributes{own: toMap(lr.Attributes()), shared: res.values}
	own, err := encodeObject(a.own)
	if err != nil {
		return record.Record{}, fmt.Errorf("attributes: %w", err)
	}
	message, err := textOf(lr.Body())
	if err != nil {
		return record.Record{}, fmt.Errorf("body: %w", err)
	}
	at, ok := timeOf(lr, now)
	if !ok {
		return record.Record{}, errFuture
	}
	level := levelOf(lr.SeverityNumber(), lr.SeverityText())
	r := record.Record{
		Time:            at,
		Ingested:        now.UnixNano(),
		Level:           level,
		Type:            typeOf(a),
		Importance:      importanceOf(a, level),
		Message:         record.Cut(message, record.MaxMessage),
		Service:         serviceOf(a),
		Environment:     record.Cut(a.text("deployment.environment.name", "deployment.environment"), record.MaxEnvironment),
		Release:         record.Cut(a.text("service.version"), record.MaxRelease),
		TraceID:         lr.TraceID().String(),
		SpanID:          lr.SpanID().String(),
		SDKVersion:      record.Cut(a.text("ledger.sdk_version", "telemetry.sdk.version"), record.MaxSDKVersion),
		Platform:        record.Cut(a.text("telemetry.sdk.language"), record.MaxPlatform),
		PlatformVersion: record.Cut(a.text("ledger.platform_version", "process.runtime.version"), record.MaxPlatformVersion),
		Attributes:      own,
		Resource:        res.stored,
	}
	if err := addDetails(&r, a); err != nil {
		return record.Record{}, err
	}
	if !res.fits(a, own, endpointLength(r.Endpoint, a)+traceLength) {
		return record.Record{}, errAttributes
	}
	r.ID = idOf(a, &r)
	return r, nil
}

// traceLength is what the platform adds to the attributes for the trace.
const traceLength = len(`"trace_id": "0123456789abcdef0123456789abcdef", "span_id": "0123456789abcdef", `)

// addDetails adds what belongs to the type of r. A record that lacks what its
// type needs is of TypeCustom: the platform keeps it, but not as what it claims.
func addDetails(r *record.Record, a attributes) error {
	switch r.Type {
	case record.TypeException:
		kind, message := a.text("exception.type"), a.text("exception.message")
		if kind == "" || message == "" {
			r.Type = record.TypeCustom
			return nil
		}
		r.ErrorType = record.Cut(kind, record.MaxErrorType)
		r.ErrorMessage = record.Cut(message, record.MaxErrorMessage)
		r.StackTrace = record.Cut(a.text("exception.stacktrace"), record.MaxStackTrace)
	case record.TypeEndpoint:
		e, err := endpointOf(a)
		if err != nil {
			return err
		}
		if r.Endpoint = e; e == nil {
			r.Type = record.TypeCustom
		}
	}
	return nil
}

func serviceOf(a attributes) string {
	if s := a.text("service.name"); s != "" {
		return s
	}
	return "unknown_service"
}

// idOf returns the ID under which r is stored. Only the record's own attributes
// can name it: an ID on the resource would make all its records one.
func idOf(a attributes, r *record.Record) string {
	own := attributes{own: a.own}
	for _, name := range []string{"ledger.log_id", "log.record.uid"} {
		if id := own.text(name); id != "" {
			return record.GivenID(id)
		}
	}
	return record.ContentID(r)
}
