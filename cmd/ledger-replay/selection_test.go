package main

import (
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

func TestSelectionReachesByPlaceAndState(t *testing.T) {
	j := &journal{cps: []wal.Checkpoint{{Head: 5}}}
	for name, tt := range map[string]struct {
		sel    selection
		offset wal.Offset
		ok     bool
		ended  bool
	}{
		"all":                  {offset: 5, ok: true},
		"before from":          {sel: selection{from: 6}, offset: 5},
		"from":                 {sel: selection{from: 5}, offset: 5, ok: true},
		"to":                   {sel: selection{to: 5}, offset: 5, ok: true},
		"behind to":            {sel: selection{to: 5}, offset: 6, ended: true},
		"acked, at the head":   {sel: selection{acked: true}, offset: 5, ok: true},
		"acked, behind it":     {sel: selection{acked: true}, offset: 6, ended: true},
		"pending, at the head": {sel: selection{pending: true}, offset: 5},
		"pending, behind it":   {sel: selection{pending: true}, offset: 6, ok: true},
		"both":                 {sel: selection{pending: true, acked: true}, offset: 6, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			ok, ended := tt.sel.reaches(tt.offset, j)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.ended, ended)
		})
	}
}

func TestSelectionMatchesByContent(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &record{rec: otlp.DecodedRecord{
		Time: at.UnixNano(), Severity: 13, Body: "order failed",
		Attrs: []slog.Attr{slog.String("route", "/orders"), slog.Int("n", 7)},
	}}
	for name, tt := range map[string]struct {
		sel  selection
		want bool
	}{
		"all":                     {want: true},
		"since is included":       {sel: selection{since: at}, want: true},
		"since, a moment later":   {sel: selection{since: at.Add(1)}},
		"until is not included":   {sel: selection{until: at}},
		"until, a moment later":   {sel: selection{until: at.Add(1)}, want: true},
		"its own level":           {sel: selection{level: 13}, want: true},
		"a higher level":          {sel: selection{level: 14}},
		"message":                 {sel: selection{grep: regexp.MustCompile(`^order`)}, want: true},
		"attribute":               {sel: selection{grep: regexp.MustCompile(`^n=7$`)}, want: true},
		"neither":                 {sel: selection{grep: regexp.MustCompile(`orders failed`)}},
		"one of them is not met":  {sel: selection{level: 13, until: at, grep: regexp.MustCompile(`order`)}},
		"several that are all so": {sel: selection{level: 1, since: at, grep: regexp.MustCompile(`order`)}, want: true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.sel.matches(r)) })
	}
}

func TestRecordTimeAndSeverityFallBack(t *testing.T) {
	admitted := time.Unix(100, 0).UTC()
	r := &record{admitted: admitted}
	assert.Equal(t, admitted, r.time())
	assert.Equal(t, levelInfo, r.severity())
	r.rec.Observed, r.rec.SeverityText = time.Unix(50, 0).UnixNano(), "warning"
	assert.Equal(t, time.Unix(50, 0).UTC(), r.time())
	assert.Equal(t, 13, r.severity())
	r.rec.Time, r.rec.Severity = time.Unix(40, 0).UnixNano(), 17
	assert.Equal(t, time.Unix(40, 0).UTC(), r.time())
	assert.Equal(t, 17, r.severity())
}

func TestParseWhen(t *testing.T) {
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"":                          {},
		"15m":                       now.Add(-15 * time.Minute),
		"-3h":                       now.Add(-3 * time.Hour),
		"2d":                        now.AddDate(0, 0, -2),
		"2026-01-02T03:04:05Z":      time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"2026-01-02T03:04:05.5Z":    time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC),
		"2026-01-02T03:04:05-01:00": time.Date(2026, 1, 2, 4, 4, 5, 0, time.UTC),
	} {
		got, err := parseWhen(in, now)
		require.NoError(t, err, in)
		assert.True(t, want.Equal(got), "%q: %v", in, got)
	}
	for _, in := range []string{"yesterday", "--3h", "5", "d", "-1.5d", "99999d", "2026-01-02"} {
		_, err := parseWhen(in, now)
		assert.Error(t, err, in)
	}
}

func TestLevels(t *testing.T) {
	for in, want := range map[string]int{"trace": 1, "Debug": 5, "INFO": 9, "warn": 13, "warning": 13, "error": 17, "critical": 21, "fatal": 21, "24": 24, "1": 1} {
		got, err := parseLevel(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "0", "25", "loud", "-1"} {
		_, err := parseLevel(in)
		assert.Error(t, err, in)
	}
	for severity, want := range map[int]string{-1: "TRACE", 1: "TRACE", 4: "TRACE", 5: "DEBUG", 9: "INFO", 12: "INFO", 16: "WARN", 17: "ERROR", 21: "CRITICAL", 24: "CRITICAL", 99: "CRITICAL"} {
		assert.Equal(t, want, levelName(severity))
	}
}
