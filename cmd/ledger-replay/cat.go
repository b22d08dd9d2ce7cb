package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ledger-sdk/ledger-go/wal"
)

func (a *app) catCommand() *cobra.Command {
	var out outputFlag
	var sel selectionFlags
	cmd := &cobra.Command{
		Use:   "cat DIR",
		Short: "Print the records of a ledger directory",
		Long: `Print the records that are on disk in DIR, oldest first, one a line.

Acked records stay on disk for a while and are printed too, unless --pending is
given. Acked means settled: delivered, set aside as a dead letter, or given up because
a cap was reached; with several destinations, for all of them. What is still in the
memory of a live process is not seen.

Text is offset, time, level, state, message and attributes. Whatever is not
printable is escaped. -o jsonl prints one JSON object a line, with everything
there is to know about the record.`,
		Example: `  ledger-replay cat /var/lib/shop/ledger --last 20
  ledger-replay cat /var/lib/shop/ledger --pending --level warn --since 15m
  ledger-replay cat /var/lib/shop/ledger --grep 'http.route=/orders' -o jsonl | jq .body`,
		Args:              oneDir,
		ValidArgsFunction: dirArg,
		RunE: a.begin(func(cmd *cobra.Command, args []string) error {
			asJSON, err := out.isJSON()
			if err != nil {
				return err
			}
			chosen, err := sel.selection(a.now(), false)
			if err != nil {
				return err
			}
			d, err := openDirectory(args[0])
			if err != nil {
				return err
			}
			s, err := newScan(d, chosen)
			if err != nil {
				return err
			}
			line := textLine
			if asJSON {
				line = s.jsonLine
			}
			return a.printAll(cmd.Context(), s, line)
		}),
	}
	out.add(cmd, "text", "jsonl")
	sel.add(cmd)
	// Offsets from A to B is how one says it; replay's --to is a server.
	cmd.Flags().Lookup("through").Usage += "; --to for short"
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "to" {
			name = "through"
		}
		return pflag.NormalizedName(name)
	})
	return cmd
}

// printAll prints every chosen record with line, which appends one.
func (a *app) printAll(ctx context.Context, s *scan, line func([]byte, *record) ([]byte, error)) error {
	w := bufio.NewWriter(a.ui.out)
	var b []byte
	err := s.run(ctx, func(r *record) (err error) {
		if b, err = line(b[:0], r); err == nil {
			_, err = w.Write(b)
		}
		return err
	})
	if flushErr := w.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		return err
	}
	return s.d.verdict(a.ui)
}

func textLine(dst []byte, r *record) ([]byte, error) { return appendText(dst, r), nil }

func (s *scan) jsonLine(dst []byte, r *record) ([]byte, error) {
	return appendJSON(dst, s.jsonRecord(r), "")
}

// appendText appends a record as one line of printable text (R5).
func appendText(dst []byte, r *record) []byte {
	dst = strconv.AppendUint(dst, uint64(r.offset), 10)
	dst = append(dst, ' ')
	dst = r.time().AppendFormat(dst, "2006-01-02T15:04:05.000000Z07:00")
	level := levelName(r.severity())
	dst = append(append(append(dst, ' '), level...), ' ')
	dst = append(append(dst, r.state()...), ' ')
	if r.err != nil {
		dst = append(dst, "UNDECODABLE "...)
		return append(append(dst, safe(r.err.Error())...), '\n')
	}
	dst = strconv.AppendQuote(dst, r.message())
	for _, attr := range r.rec.Attrs {
		dst = append(append(dst, ' '), word(attr.Key)...)
		dst = append(append(dst, '='), word(valueText(attr.Value.Any()))...)
	}
	return append(dst, '\n')
}

// jsonRecord is a record as cat prints it.
type jsonRecord struct {
	SchemaVersion int            `json:"schema_version"`
	Offset        wal.Offset     `json:"offset"`
	State         string         `json:"state"`
	RecordID      string         `json:"record_id,omitempty"`
	Time          time.Time      `json:"time"`
	Observed      time.Time      `json:"observed,omitzero"`
	Admitted      time.Time      `json:"admitted"`
	Severity      int            `json:"severity_number"`
	Level         string         `json:"level"`
	Body          any            `json:"body"`
	EventName     string         `json:"event_name,omitempty"`
	TraceID       string         `json:"trace_id,omitempty"`
	SpanID        string         `json:"span_id,omitempty"`
	TraceFlags    uint32         `json:"trace_flags,omitempty"`
	Attributes    map[string]any `json:"attributes"`
	Dropped       uint32         `json:"dropped_attributes,omitempty"`
	ResourceID    string         `json:"resource_id"`
	Resource      map[string]any `json:"resource"`
	Letter        *jsonLetter    `json:"letter,omitempty"` // of a dead letter
	Error         string         `json:"error,omitempty"`  // why it cannot be decoded
}

// jsonLetter is what is known about a dead letter. Its record's Offset and State are
// those in the log of dead letters.
type jsonLetter struct {
	Destination string     `json:"destination"`
	Offset      wal.Offset `json:"offset"` // of the record, in the log
	Reason      string     `json:"reason"`
	Status      int        `json:"status"`
	Message     string     `json:"message,omitempty"` // the server's words
	First       time.Time  `json:"first_attempt"`
	Last        time.Time  `json:"last_attempt"`
	Attempts    int        `json:"attempts"`
}

func (s *scan) jsonRecord(r *record) jsonRecord {
	out := jsonRecord{
		SchemaVersion: schemaVersion, Offset: r.offset, State: r.state(), RecordID: r.id(),
		Time: r.time(), Admitted: r.admitted.UTC(),
		Severity: r.rec.Severity, Level: levelName(r.severity()),
		Body: jsonValue(r.rec.Body), EventName: r.rec.EventName, TraceFlags: r.rec.Flags,
		Attributes: jsonAttrs(r.rec.Attrs), Dropped: r.rec.Dropped,
		ResourceID: resourceID(r.resource), Resource: jsonAttrs(s.resourceAttrs(r.resource)),
	}
	if r.rec.Observed != 0 {
		out.Observed = time.Unix(0, r.rec.Observed).UTC()
	}
	if r.rec.TraceID != [16]byte{} {
		out.TraceID = hex.EncodeToString(r.rec.TraceID[:])
	}
	if r.rec.SpanID != [8]byte{} {
		out.SpanID = hex.EncodeToString(r.rec.SpanID[:])
	}
	if l := r.letter; l != nil {
		out.Letter = &jsonLetter{
			l.Destination, wal.Offset(l.Offset), l.Reason, l.Status, l.Message, l.First.UTC(), l.Last.UTC(), l.Attempts,
		}
	}
	if r.err != nil {
		out.Error = r.err.Error()
	}
	return out
}
