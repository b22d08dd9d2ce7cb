package query

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

var errCursor = errors.New("not a cursor of this server")

// encodeCursor returns a position as the platform writes one: base64url of
// "time|number". Clients must not look inside.
func encodeCursor(p store.Position) string {
	text := formatTime(p.Time) + "|" + strconv.FormatInt(p.Seq, 10)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func decodeCursor(s string) (store.Position, error) {
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return store.Position{}, errCursor
	}
	at, number, ok := strings.Cut(string(text), "|")
	if !ok {
		return store.Position{}, errCursor
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return store.Position{}, errCursor
	}
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 {
		return store.Position{}, errCursor
	}
	return store.Position{Time: t.UnixNano(), Seq: seq}, nil
}

// formatTime writes a time as every answer does: RFC 3339, UTC, to the nanosecond.
func formatTime(ns int64) string {
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}
