package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

// writeStatus writes the table, the same to a terminal and to a pipe.
func writeStatus(w io.Writer, st *status) error {
	var buf bytes.Buffer
	tw := tabwriter.NewWriter(&buf, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, safe(fmt.Sprintf(format, args...)))
	}
	row("directory", "%s", st.Dir)
	row("held by", "%s", heldBy(st.Owner))
	row("log", "%s", logText(st.Log))
	row("offsets", "first %d, last %d, synced %d, acked %d", st.Offsets.First, st.Offsets.Last, st.Offsets.Synced, st.Offsets.Acked)
	row("on disk", "%s in %s of %s; %s in all", count(st.OnDisk, "record"), count(st.Disk.Segments, "segment"),
		size(st.Disk.LogBytes), size(st.Disk.Bytes))
	row("quarantine", "%s, %s", count(st.Disk.QuarantineFiles, "file"), size(st.Disk.QuarantineBytes))
	for i := range st.Destinations {
		destinationRows(&st.Destinations[i], st.Time, row)
	}
	deadRows(&st.DeadLetters, st.Time, row)
	for _, res := range st.Resources {
		row("resource", "%s: %s, %d pending: %s", res.ID, count(res.Records, "record"), res.Pending, attrsText(res.Attributes))
	}
	for _, p := range st.Problems {
		row("DAMAGE", "%s", p.Detail)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if st.Owner.Live == nil || *st.Owner.Live {
		buf.WriteString(liveNote)
	}
	_, err := buf.WriteTo(w)
	return err
}

// rower writes a row of the table.
type rower func(name, format string, args ...any)

func destinationRows(d *destinationStatus, now time.Time, row rower) {
	row("destination", "%s", d.Name)
	r := d.Records
	row("records", "%d accepted = %d delivered + %d pending + %d dead + %d evicted + %d lost",
		r.Accepted, r.Delivered, r.Pending, r.Dead, r.Evicted, r.Lost)
	if r.Expired+r.Shed > 0 {
		row("evicted", "%d for a cap, %d for their age, %d for want of room on disk and in memory", r.Evicted-r.Expired-r.Shed, r.Expired, r.Shed)
	}
	if o := d.OldestPending; o != nil {
		row("oldest pending", "offset %d, %s, %s old", o.Offset, o.Time.Format(time.RFC3339), age(now.Sub(o.Time)))
	} else {
		row("oldest pending", "none")
	}
	if d.HoldsBack > 0 {
		row("HOLDS BACK", "%s that other destinations are done with", count(d.HoldsBack, "record"))
	}
	acked := fmt.Sprintf("through offset %d", d.Acked)
	if d.AheadRuns > 0 {
		acked += fmt.Sprintf(", and %s in %s behind it", count(d.AheadRecords, "record"), count(d.AheadRuns, "run"))
	}
	if d.Start > 0 {
		acked += fmt.Sprintf("; it joined behind offset %d", d.Start)
	}
	row("settled", "%s", acked)
	if limits := limitsText(d.Learned); limits != "" {
		row("server's limits", "%s", limits)
	}
	c := d.Counters
	row("requests", "%d sent: %d retries, %d failures, %d throttles, %d holds, %d splits", c.Requests, c.Retries, c.Failures, c.Throttles, c.Holds, c.Splits)
	row("sent again", "%s; %s at a server that ignores record IDs", count(c.Resent, "record"), count(c.AmbiguousRecords, "possible duplicate"))
	row("bytes sent", "%d, %d before compression", c.Bytes, c.RawBytes)
}

// limitsText is what a server let know of its limits, "" if nothing.
func limitsText(l sender.Learned) string {
	var parts []string
	add := func(n int, unit string) {
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+unit)
		}
	}
	add(l.RequestsPerMinute, "requests/min")
	add(l.RequestsPerHour, "requests/h")
	add(l.RecordsPerMinute, "records/min")
	add(l.RecordsPerHour, "records/h")
	add(l.MaxRecords, "records in a batch")
	add(l.MaxBytes, "bytes in a batch")
	if !l.QuotaReset.IsZero() {
		parts = append(parts, "quota reset "+l.QuotaReset.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}

func deadRows(d *deadStatus, now time.Time, row rower) {
	row("dead letters", "%d waiting, %s, in files of %s; %d redriven, %d dropped for a limit, %d forgotten, %d lost",
		d.Waiting, size(d.Bytes), size(d.DiskBytes), d.Redriven, d.Dropped, d.Forgotten, d.Lost)
	for _, r := range d.ByReason {
		row("dead", "%d of %s: %s, the oldest last sent %s ago", r.Letters, r.Destination, r.Reason, age(now.Sub(r.OldestAttempt)))
	}
}

const liveNote = `
While a process holds the directory, what is acked, and all that follows from it, is
as of the last checkpoint that it stored; records in its memory are not counted.
`

func heldBy(o owner) string {
	who := "unknown"
	if o.PID != 0 {
		who = fmt.Sprintf("pid %d (%s)", o.PID, o.Program)
	}
	switch {
	case o.Live == nil:
		return "cannot tell; last by " + who
	case *o.Live:
		return who
	case o.PID == 0:
		return "nobody"
	}
	return "nobody; last by " + who
}

func logText(id identity) string {
	if id.ID == "" {
		return "unknown, epoch " + id.Epoch
	}
	return fmt.Sprintf("%s, epoch %s, since %s", id.ID, id.Epoch, id.Created.Format(time.RFC3339))
}

// attrsText is the attributes of a resource on one line, what it is called first.
func attrsText(attrs map[string]any) string {
	if attrs == nil {
		return "unknown"
	}
	keys := slices.Sorted(maps.Keys(attrs))
	// Stable: what the service is called, then the rest, each by name.
	slices.SortStableFunc(keys, func(a, b string) int { return isService(b) - isService(a) })
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = word(k) + "=" + word(valueText(attrs[k]))
	}
	return strings.Join(parts, " ")
}

func isService(key string) int {
	if strings.HasPrefix(key, "service.") {
		return 1
	}
	return 0
}
