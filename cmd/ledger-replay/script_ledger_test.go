package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// ledger is the script command that makes ledger directories.
func (w *world) ledger(ts *testscript.TestScript, args []string) error {
	op, rest := args[0], args[1:]
	if op == "open" {
		return w.open(ts, rest)
	}
	m := w.makers[len(w.makers)-1]
	switch op {
	case "resource":
		return m.setResource(parseAttrs(rest)...)
	case "log":
		return w.log(m, rest)
	case "raw":
		return m.addRaw([]byte(rest[0]))
	case "close":
		return m.close()
	}
	n, err := parseOffsets(rest)
	if err != nil {
		return err
	}
	switch op {
	case "ack":
		return m.ack(n[0])
	case "evict":
		return m.evict(m.names[0], uint64(n[0]))
	case "settle":
		return m.ackRun(option(rest, "to", m.names[0]), n[0], n[1])
	case "bury":
		return w.bury(m, rest, n[0], n[1])
	case "forget":
		_, err := m.dead.Forget(func(l sender.DeadLetter) bool { return n[0] <= wal.Offset(l.Offset) && wal.Offset(l.Offset) <= n[1] })
		return err
	}
	return fmt.Errorf("ledger: unknown operation %q", op)
}

// parseOffsets reads the numbers among arguments; one stands for itself twice.
func parseOffsets(args []string) ([2]wal.Offset, error) {
	var all []wal.Offset
	for _, arg := range args {
		if strings.Contains(arg, "=") || arg == "early" {
			continue
		}
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return [2]wal.Offset{}, err
		}
		all = append(all, wal.Offset(n))
	}
	if len(all) == 0 {
		return [2]wal.Offset{}, errors.New("ledger: no offset")
	}
	return [2]wal.Offset{all[0], all[len(all)-1]}, nil
}

// option returns the value of key=value among arguments.
func option(args []string, key, otherwise string) string {
	for _, arg := range args {
		if value, ok := strings.CutPrefix(arg, key+"="); ok {
			return value
		}
	}
	return otherwise
}

// bury makes dead letters of a run of records.
func (w *world) bury(m *maker, args []string, from, to wal.Offset) error {
	at, err := parseWhen(option(args, "at", "1m"), time.Now())
	if err != nil {
		return err
	}
	status, err := strconv.Atoi(option(args, "status", "400"))
	if err != nil {
		return err
	}
	l := otlp.Letter{
		Destination: option(args, "to", m.names[0]), Reason: option(args, "reason", sender.DeadRejected), Status: status,
		Message: option(args, "message", "not acceptable"), First: at.Add(-time.Minute), Last: at, Attempts: 3,
	}
	for _, text := range []*string{&l.Destination, &l.Reason, &l.Message} {
		if *text, err = unescape(*text); err != nil {
			return err
		}
	}
	return m.bury(offsetRun(from, to).Entries, l, slices.Contains(args, "early"))
}

func (w *world) open(ts *testscript.TestScript, args []string) error {
	segment, err := strconv.ParseInt(option(args, "segment", "0"), 10, 64)
	if err != nil {
		return err
	}
	var destinations []string
	if names := option(args, "to", ""); names != "" {
		destinations = strings.Split(names, ",")
	}
	dir := ts.MkAbs(args[0])
	m, err := newMaker(dir, segment, destinations...)
	if err != nil {
		return err
	}
	ts.Defer(func() { _ = m.close() })
	w.makers = append(w.makers, m)
	w.dirs = append(w.dirs, dir)
	return nil
}

// log appends records that differ in their number, time and ID.
func (w *world) log(m *maker, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	rec := otlp.Record{Severity: 9, Body: "record"}
	at := time.Now().Add(-time.Minute)
	var skipped, lost int
	var noID bool
	var attrs []slog.Attr
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "at":
			at, err = parseWhen(value, time.Now())
		case "level":
			rec.Severity, err = parseLevel(value)
		case "body":
			rec.Body, err = unescape(value)
		case "skipped":
			skipped, err = strconv.Atoi(value)
		case "lost":
			lost, err = strconv.Atoi(value)
		case "noid":
			noID = true
		default:
			attrs = append(attrs, parseAttrs([]string{arg})...)
		}
		if err != nil {
			return err
		}
	}
	records := make([]otlp.Record, n)
	for i := range records {
		records[i] = rec
		records[i].Time = at.Add(time.Duration(i) * time.Second).UnixNano()
		w.logged++
		records[i].Body = strings.ReplaceAll(rec.Body, "%d", strconv.Itoa(w.logged))
		if !noID {
			records[i].Attrs = append(records[i].Attrs, slog.String("ledger.log_id", fmt.Sprintf("id-%d", w.logged)))
		}
		records[i].Attrs = append(records[i].Attrs, attrs...)
	}
	return m.add(records, skipped, lost)
}

func parseAttrs(args []string) []slog.Attr {
	var attrs []slog.Attr
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		if text, err := unescape(value); err == nil {
			value = text
		}
		attrs = append(attrs, slog.String(key, value))
	}
	return attrs
}

// unescape reads a value in which \x1b and the like stand for what they name.
func unescape(s string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
}

// flip damages one byte of a file.
func (w *world) flip(ts *testscript.TestScript, args []string) error {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0xff
	return os.WriteFile(path, b, 0o600)
}
