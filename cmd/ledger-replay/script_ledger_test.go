package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
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
	n, err := strconv.ParseUint(rest[0], 10, 64)
	if err != nil {
		return err
	}
	switch op {
	case "ack":
		return m.ack(wal.Offset(n))
	case "evict":
		return m.evict(n)
	}
	return fmt.Errorf("ledger: unknown operation %q", op)
}

func (w *world) open(ts *testscript.TestScript, args []string) error {
	var segment int64
	if len(args) > 1 {
		text, _ := strings.CutPrefix(args[1], "segment=")
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		segment = n
	}
	dir := ts.MkAbs(args[0])
	m, err := newMaker(dir, segment)
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
