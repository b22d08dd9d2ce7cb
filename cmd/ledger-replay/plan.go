package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// oldAge is the age beyond which log engines with default settings answer 200 and
// keep nothing: Loki and VictoriaLogs take a week.
const oldAge = 7 * 24 * time.Hour

// plan is what a replay is going to do, found out in a first pass.
type plan struct {
	SchemaVersion int             `json:"schema_version"`
	Dir           string          `json:"dir"`
	Destination   planDestination `json:"destination"`
	Records       int             `json:"records"`
	Pending       int             `json:"pending"` // of Records
	Bytes         int64           `json:"bytes"`   // before compression
	First         wal.Offset      `json:"first_offset"`
	Last          wal.Offset      `json:"last_offset"`
	Oldest        time.Time       `json:"oldest,omitzero"`
	Newest        time.Time       `json:"newest,omitzero"`
	Old           int             `json:"older_than_7d"`
	WithoutID     int             `json:"without_id"`
	// WithoutResource counts records whose resource nobody knows.
	WithoutResource int      `json:"without_resource"`
	Services        []string `json:"services"`
	// Letters are counted by destination and reason, if it is dead letters that are
	// to be sent.
	Letters  []planLetters `json:"letters,omitempty"`
	Warnings []string      `json:"warnings"`

	redrive bool // they are taken away when they are delivered
}

// planLetters counts the dead letters of a destination that have one reason.
type planLetters struct {
	Destination string `json:"destination"`
	Reason      string `json:"reason"`
	Letters     int    `json:"letters"`
}

type planDestination struct {
	URL     string   `json:"url"`
	Headers []string `json:"headers"` // names only
	APIKey  string   `json:"api_key"` // where it comes from
}

// makePlan looks at everything that is to be sent.
func makePlan(ctx context.Context, s *scan, to destination, now time.Time) (*plan, error) {
	p := &plan{
		SchemaVersion: schemaVersion, Dir: s.d.path, Services: []string{}, Warnings: []string{},
		Destination: planDestination{URL: to.url, Headers: to.headerNames(), APIKey: to.keyFrom},
	}
	seen := map[uint32]bool{}
	err := s.run(ctx, func(r *record) error {
		p.add(r, now)
		if s.resource(r.resource) == nil {
			p.WithoutResource++
		} else if !seen[r.resource] {
			seen[r.resource] = true
			p.Services = append(p.Services, serviceText(s.resourceAttrs(r.resource)))
		}
		return nil
	})
	p.warn(s.d, to)
	return p, err
}

func (p *plan) add(r *record, now time.Time) {
	if p.Records == 0 {
		p.First = r.offset
	}
	p.Records++
	p.Bytes += int64(len(r.payload))
	p.Last = r.offset
	if r.pending && !r.dead {
		p.Pending++
	}
	if r.letter != nil {
		p.addLetter(r.letter)
	}
	at := r.time()
	if p.Oldest.IsZero() || at.Before(p.Oldest) {
		p.Oldest = at
	}
	if at.After(p.Newest) {
		p.Newest = at
	}
	if now.Sub(at) > oldAge {
		p.Old++
	}
	if r.id() == "" {
		p.WithoutID++
	}
}

func (p *plan) addLetter(l *otlp.Letter) {
	for i := range p.Letters {
		if at := &p.Letters[i]; at.Destination == l.Destination && at.Reason == l.Reason {
			at.Letters++
			return
		}
	}
	p.Letters = append(p.Letters, planLetters{l.Destination, l.Reason, 1})
}

// destinations returns those that the letters are of.
func (p *plan) destinations() []string {
	var names []string
	for _, l := range p.Letters {
		names = append(names, l.Destination)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// warn says what may go otherwise than the operator thinks.
func (p *plan) warn(d *directory, to destination) {
	note := func(n int, format string, args ...any) {
		if n > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
		}
	}
	note(p.Old, "%s older than 7 days: many log servers answer 200 to such records and drop them", count(p.Old, "record"))
	note(p.WithoutID, "%s without an ID: a server cannot tell that it has them already", count(p.WithoutID, "record"))
	note(p.WithoutResource, "%s of a process that is not known any more: sent without a resource", count(p.WithoutResource, "record"))
	if d.hold == holdLive {
		note(p.Pending, "a live process holds the directory and sends its pending records itself: "+
			"the server gets %s twice and tells them by their IDs", count(p.Pending, "record"))
	}
	if to.plainSecret() {
		note(1, "the API key or the headers cross the network unencrypted")
	}
}

func serviceText(attrs []slog.Attr) string {
	var name, version string
	for _, a := range attrs {
		switch a.Key {
		case "service.name":
			name = valueText(a.Value.Any())
		case "service.version":
			version = valueText(a.Value.Any())
		}
	}
	if name == "" {
		name = "unknown"
	}
	return strings.TrimSpace(name + " " + version)
}

// write writes the plan for people.
func (p *plan) write(w io.Writer, now time.Time) error {
	var buf bytes.Buffer
	tw := tabwriter.NewWriter(&buf, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, safe(fmt.Sprintf(format, args...)))
	}
	row("from", "%s", p.Dir)
	row("to", "%s", p.Destination.URL)
	row("API key", "%s", p.Destination.APIKey)
	if names := p.Destination.Headers; len(names) > 0 {
		row("headers", "%s", strings.Join(names, ", "))
	}
	row("records", "%d, %d of them pending; %s", p.Records, p.Pending, size(p.Bytes))
	if p.Records > 0 {
		row("offsets", "%d to %d", p.First, p.Last)
		row("ages", "%s to %s (%s to %s)", age(now.Sub(p.Oldest)), age(now.Sub(p.Newest)),
			p.Oldest.Format(time.RFC3339), p.Newest.Format(time.RFC3339))
		row("services", "%s", strings.Join(p.Services, ", "))
	}
	for _, l := range p.Letters {
		row("dead letters", "%s of %s: %s", count(l.Letters, "record"), l.Destination, l.Reason)
	}
	if p.redrive {
		row("directory", "is locked meanwhile; what is delivered is a dead letter no more")
	} else {
		row("directory", "is not changed: nothing is acked, what is pending stays pending")
	}
	for _, text := range p.Warnings {
		row("WARNING", "%s", text)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := buf.WriteTo(w)
	return err
}
