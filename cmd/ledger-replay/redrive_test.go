package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// refusing answers a request by the numbers that its records are logged with: 400 if one
// of those in rejected is among them, else a partial success if one of those in partial.
func refusing(rejected, partial []int) func(*otlp.Request) string {
	return func(req *otlp.Request) string {
		answer := "200"
		for _, r := range recordsOf(req) {
			n := numberOf(r)
			switch {
			case slices.Contains(rejected, n):
				return "400"
			case slices.Contains(partial, n):
				answer = "partial=1"
			}
		}
		return answer
	}
}

func recordsOf(req *otlp.Request) []otlp.DecodedRecord {
	var out []otlp.DecodedRecord
	for _, res := range req.Resources {
		for _, scope := range res.Scopes {
			out = append(out, scope.Records...)
		}
	}
	return out
}

func numberOf(r otlp.DecodedRecord) int {
	for _, a := range r.Attrs {
		if a.Key == "n" {
			return int(a.Value.Int64())
		}
	}
	return 0
}

// seenBy returns the records of the requests that were answered so, by ID, and how often
// each came.
func seenBy(c *logServer, answers ...string) (records map[string]otlp.DecodedRecord, times map[string]int) {
	records, times = map[string]otlp.DecodedRecord{}, map[string]int{}
	for _, r := range c.requests() {
		if len(answers) > 0 && !slices.Contains(answers, r.answer) {
			continue
		}
		for _, rec := range recordsOf(&r.decoded) {
			id := idOf(rec.Attrs)
			records[id] = rec
			times[id]++
		}
	}
	return records, times
}

func clientConfig(dir, url string) ledger.Config {
	return ledger.Config{
		Dir: dir, Endpoint: url, ServiceName: "shop", FlushSize: 10, MaxInFlight: 1, FlushInterval: time.Hour,
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	}
}

// looked is what the program says of a directory: its status, and the numbers and reasons
// of its dead letters by record ID.
func looked(t *testing.T, dir string) (books balance, letters map[string]string, st status) {
	t.Helper()
	code, stdout, stderr := program(t.Context(), "status", dir, "--json")
	require.Equal(t, exitOK, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &st))
	require.Len(t, st.Destinations, 1)
	b := st.Destinations[0].Records
	assert.Equal(t, b.Accepted, b.Delivered+b.Pending+b.Dead+b.Evicted+b.Lost, "L2")

	code, stdout, stderr = program(t.Context(), "dead", dir, "-o", "jsonl")
	require.Equal(t, exitOK, code, stderr)
	letters = map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
		var r jsonRecord
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		letters[r.RecordID] = r.Letter.Reason
	}
	assert.EqualValues(t, len(letters), st.DeadLetters.Waiting)
	return b, letters, st
}

// booksOf are a client's books as the program has them.
func booksOf(s ledger.Stats) balance {
	return balance{Accepted: s.Accepted, Delivered: s.Delivered, Pending: s.Pending, Dead: s.Dead, Evicted: s.Evicted, Lost: s.Lost}
}

// A client meets a server that rejects some records and refuses some of a batch without
// saying which. Once it is closed its dead letters are redriven: to the record, what was
// refused is sent and nothing else, with the same bytes, and the books follow.
func TestDeadLettersOfAClientAreRedriven_S1_S2_W8_L2(t *testing.T) {
	dir := filepath.Join(form.Scratch(t), "ledger")
	first := newLogServer()
	defer first.stop()
	first.decide = refusing([]int{7, 23, 41}, []int{55})
	client, err := ledger.Open(clientConfig(dir, first.URL))
	require.NoError(t, err)
	for n := range 60 {
		require.NoError(t, client.Log(t.Context(), ledger.Record{Level: slog.LevelInfo, Message: "m", Attrs: []slog.Attr{slog.Int("n", n+1)}}))
	}
	require.NoError(t, client.Flush(t.Context()))
	stats := client.Stats()
	require.NoError(t, client.Close())

	logged, _ := seenBy(first)
	require.Len(t, logged, 60)
	want := map[string]string{}
	for id, r := range logged {
		switch n := numberOf(r); {
		case n == 7 || n == 23 || n == 41:
			want[id] = sender.DeadRejected
		case n > 50:
			want[id] = sender.DeadPartial
		}
	}
	books, letters, st := looked(t, dir)
	assert.Equal(t, booksOf(stats), books)
	assert.Equal(t, balance{Accepted: 60, Delivered: 47, Dead: 13}, books)
	assert.Equal(t, want, letters)
	assert.EqualValues(t, 3, st.Destinations[0].Counters.Rejected)
	assert.EqualValues(t, 10, st.Destinations[0].Counters.Partial)

	second := newLogServer()
	defer second.stop()
	var holder error
	second.decide = func(req *otlp.Request) string {
		if holder == nil {
			_, holder = sender.OpenState(dir)
		}
		return refusing([]int{41}, nil)(req)
	}
	code, stdout, stderr := program(t.Context(), "redrive", dir, "--to", second.URL, "--yes")
	assert.Equal(t, exitPartial, code, stderr)
	assert.Contains(t, stdout, "12 dead letters delivered, 1 refused again, 0 left, of 13; ")
	assert.ErrorIs(t, holder, sender.ErrLocked, "W8: the directory is the program's meanwhile")

	taken, times := seenBy(second, "200")
	assert.Len(t, taken, 12)
	for id, r := range taken {
		assert.Contains(t, want, id, "nothing else was sent")
		assert.Equal(t, logged[id], r, "S2")
		assert.Equal(t, 1, times[id])
		delete(want, id)
	}
	books, letters, st = looked(t, dir)
	assert.Equal(t, balance{Accepted: 60, Delivered: 59, Dead: 1}, books)
	assert.Equal(t, want, letters, "the one that is refused still")
	assert.EqualValues(t, 12, st.DeadLetters.Redriven)
	assert.EqualValues(t, 12, st.Destinations[0].Counters.Redriven)

	third := newLogServer("200")
	defer third.stop()
	client, err = ledger.Open(clientConfig(dir, third.URL))
	require.NoError(t, err)
	assert.Equal(t, books, booksOf(client.Stats()))
	done, err := client.Redrive(t.Context())
	require.NoError(t, err)
	assert.Equal(t, ledger.Redriven{Delivered: 1}, done)
	assert.Equal(t, balance{Accepted: 60, Delivered: 60}, booksOf(client.Stats()))
	require.NoError(t, client.Close())
	_, times = seenBy(third)
	assert.Len(t, times, 1, "what was redriven is not sent by the process as well")
}

// A redrive that ends in the middle has taken away what was delivered and nothing else.
func TestInterruptedRedriveKeepsWhatItAchieved_S1_L2(t *testing.T) {
	dir := filepath.Join(form.Scratch(t), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	require.NoError(t, m.add(plain(20, time.Now(), 1), 0, 0))
	letter := otlp.Letter{Destination: sender.DefaultDestination, Reason: sender.DeadRejected}
	require.NoError(t, m.bury(offsetRun(3, 12).Entries, letter, false))
	require.NoError(t, m.close())

	times := map[string]int{}
	left, rounds := 10, 0
	for ; left > 0 && rounds < 20; rounds++ {
		ctx, cancel := context.WithCancel(t.Context())
		c := newLogServer()
		sent := 0
		c.decide = func(*otlp.Request) string {
			if sent++; sent == 3 {
				cancel()
				return "hang" // The program ends with this one under way.
			}
			return "200"
		}
		code, stdout, stderr := program(ctx, "redrive", dir, "--to", c.URL, "--yes", "--batch", "1", "--json")
		cancel()
		c.stop()
		var sum redriveSummary
		require.NoError(t, json.Unmarshal([]byte(stdout), &sum), stderr)
		assert.Equal(t, left, sum.Planned)
		assert.Equal(t, min(2, left), sum.Delivered)
		assert.Equal(t, map[bool]int{true: exitOK, false: exitInterrupted}[sum.Left == 0], code)
		_, taken := seenBy(c, "200")
		for id, n := range taken {
			times[id] += n
		}
		left -= sum.Delivered
		books, letters, _ := looked(t, dir)
		assert.Equal(t, balance{Accepted: 20, Delivered: uint64(10 - left), Pending: 10, Dead: uint64(left)}, books)
		assert.Len(t, letters, left)
	}
	assert.Equal(t, 5, rounds)
	want := map[string]int{}
	for n := 3; n <= 12; n++ {
		want["id-"+strconv.Itoa(n)] = 1
	}
	assert.Equal(t, want, times, "each was delivered, once")
}

// What the log does not hold any more may be in the ring: the books are not told of it, or
// the next owner would take what is in the ring before it for lost.
func TestLettersBehindTheEndOfTheLogAreNotSettledEarly_W1(t *testing.T) {
	dir := filepath.Join(form.Scratch(t), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	require.NoError(t, m.add(plain(3, time.Now(), 1), 0, 0))
	require.NoError(t, m.add(plain(2, time.Now(), 4), 0, 0))
	letter := otlp.Letter{Destination: sender.DefaultDestination, Reason: sender.DeadRejected}
	require.NoError(t, m.bury(offsetRun(2, 2).Entries, letter, true))
	require.NoError(t, m.bury(offsetRun(5, 5).Entries, letter, true))
	require.NoError(t, m.close())
	segment := filepath.Join(dir, "wal", "00000000000000000001")
	info, err := os.Stat(segment)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(segment, info.Size()-20)) // Into record 5.

	c := newLogServer("200")
	defer c.stop()
	code, _, stderr := program(t.Context(), "redrive", dir, "--to", c.URL, "--yes")
	require.Equal(t, exitOK, code, stderr)
	state, err := sender.ReadState(dir)
	require.NoError(t, err)
	cp := state.Accounts[sender.DefaultDestination].Checkpoint
	assert.Equal(t, []wal.Range{{From: 2, To: 2, Dead: true}}, cp.Settled)
	assert.Less(t, cp.Last, wal.Offset(5))
}

// The sender takes up letters of a quota by itself when it begins. A redrive that was not
// asked for them does not.
func TestAccountOfARedriveHidesTheQuota(t *testing.T) {
	state, err := sender.OpenState(filepath.Join(form.Scratch(t), "ledger"))
	require.NoError(t, err)
	defer state.Close()
	now := time.Now().Round(0)
	account := state.Account(sender.DefaultDestination)
	reset := now.Add(time.Hour)
	require.NoError(t, account.Learn(sender.Learned{MaxRecords: 7, QuotaReset: reset}))

	l := &lettersOnly{Account: account, never: now.AddDate(100, 0, 0)}
	got := l.Learned()
	assert.Equal(t, 7, got.MaxRecords)
	assert.Empty(t, quotaGone(got, now), "hidden, not used up")
	got.MaxBytes = 9
	require.NoError(t, l.Learn(got))
	assert.True(t, account.Learned().QuotaReset.Equal(reset), "what is hidden is not forgotten")
	assert.Equal(t, 9, account.Learned().MaxBytes)

	got.QuotaReset = now.Add(2 * time.Hour)
	assert.NotEmpty(t, quotaGone(got, now))
	require.NoError(t, l.Learn(got))
	assert.True(t, account.Learned().QuotaReset.Equal(got.QuotaReset), "what is learned meanwhile is kept")
	assert.Empty(t, quotaGone(sender.Learned{}, now))
}
