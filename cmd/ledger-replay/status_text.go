package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
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
	r := st.Records
	row("records", "%d accepted = %d delivered + %d pending + %d dead + %d evicted + %d lost",
		r.Accepted, r.Delivered, r.Pending, r.Dead, r.Evicted, r.Lost)
	if o := st.OldestPending; o != nil {
		row("oldest pending", "offset %d, %s, %s old", o.Offset, o.Time.Format(time.RFC3339), age(st.Time.Sub(o.Time)))
	} else {
		row("oldest pending", "none")
	}
	row("on disk", "%s in %s of %s; %s in all", count(st.OnDisk, "record"), count(st.Disk.Segments, "segment"),
		size(st.Disk.LogBytes), size(st.Disk.Bytes))
	row("quarantine", "%s, %s", count(st.Disk.QuarantineFiles, "file"), size(st.Disk.QuarantineBytes))
	c := st.Counters
	row("requests", "%d sent: %d retries, %d failures, %d throttles, %d holds", c.Requests, c.Retries, c.Failures, c.Throttles, c.Holds)
	row("sent again", "%s; %s at a server that ignores record IDs", count(c.Resent, "record"), count(c.AmbiguousRecords, "possible duplicate"))
	row("bytes sent", "%d, %d before compression", c.Bytes, c.RawBytes)
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
