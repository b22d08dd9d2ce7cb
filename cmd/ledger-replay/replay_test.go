package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// program runs the program in this process.
func program(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, bytes.NewReader(nil), &out, &errs, func(string) string { return "" })
	return code, out.String(), errs.String()
}

// R3: the request holds the stored bytes, untouched, and the stored resource.
func TestReplaySendsTheStoredBytes_S2(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 2<<10)
	require.NoError(t, err)
	defer m.close()
	attrs := []slog.Attr{slog.String("service.name", "shop"), slog.Float64("x", 1.5), slog.Any("list", []string{"a", "b"})}
	require.NoError(t, m.setResource(attrs...))
	records := plain(50, time.Now(), 1)
	records[7].Body = "not \x00 all \xff of this is text"
	records[8].Attrs = append(records[8].Attrs, slog.Any("bytes", []byte{0, 1, 0xff}))
	require.NoError(t, m.add(records, 0, 0))

	c := newLogServer("200")
	defer c.stop()
	code, stdout, stderr := program(t.Context(), "replay", dir, "--to", c.URL, "--yes", "--in-flight", "1", "--batch", "20")
	require.Equal(t, exitOK, code, stdout+stderr)

	requests := c.requests()
	require.Len(t, requests, 3)
	resource := otlp.AppendResource(nil, attrs)
	for i, r := range requests {
		first, last := wal.Offset(20*i+1), wal.Offset(min(20*i+20, 50))
		payload := m.concat(first, last)
		want := append(otlp.AppendRequestPrefix(nil, resource, scopeName, "", len(payload)), payload...)
		assert.Equal(t, want, r.body, "records %d to %d", first, last)
	}
}

// R3: the log's owner still has everything to send.
func TestReplayAcksNothing_W2(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	require.NoError(t, m.add(plain(5, time.Now(), 1), 0, 0))
	require.NoError(t, m.close())
	c := newLogServer("200")
	defer c.stop()
	code, _, stderr := program(t.Context(), "replay", dir, "--to", c.URL, "--yes")
	require.Equal(t, exitOK, code, stderr)

	again, err := newMaker(dir, 0)
	require.NoError(t, err)
	defer again.close()
	assert.Equal(t, uint64(5), again.log.Stats().Pending)
}

func TestReplayHonoursRetryAfter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	defer m.close()
	require.NoError(t, m.add(plain(1, time.Now(), 1), 0, 0))
	c := newLogServer("429,retry=1", "503,retry=1", "200")
	defer c.stop()
	// A pause that the server asked for is no failure, so one attempt is enough.
	code, _, stderr := program(t.Context(), "replay", dir, "--to", c.URL, "--yes", "--backoff", "1ms", "--max-attempts", "1")
	require.Equal(t, exitOK, code, stderr)
	requests := c.requests()
	require.Len(t, requests, 3)
	for i := range 2 {
		assert.GreaterOrEqual(t, requests[i+1].time.Sub(requests[i].time), time.Second)
	}
}

// What the process logs while a replay runs is its own to send: the replay ends.
func TestReplaySendsOnlyWhatThereWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	defer m.close()
	require.NoError(t, m.add(plain(3, time.Now(), 1), 0, 0))
	d, err := openDirectory(dir)
	require.NoError(t, err)
	s, err := newScan(d, selection{pending: true})
	require.NoError(t, err)
	c := newLogServer("200")
	defer c.stop()
	to := destination{url: c.URL + "/v1/logs", keyFrom: "none"}
	p, err := makePlan(t.Context(), s, to, time.Now())
	require.NoError(t, err)

	require.NoError(t, m.add(plain(4, time.Now(), 4), 0, 0)) // After the plan.
	require.NoError(t, m.ack(2))
	a := &app{ui: ui{out: io.Discard, err: io.Discard}, now: time.Now}
	require.NoError(t, a.carryOut(t.Context(), s, p, to, pace{batch: 10, inFlight: 1, requestTimeout: time.Second, backoff: time.Second}, false))

	requests := c.requests()
	require.Len(t, requests, 1)
	assert.Contains(t, requests[0].text(), "ids=id-1,id-2,id-3", "the plan is what is sent, acked meanwhile or not")
}

// Records that the live process delivered and reclaimed after the plan was made are
// neither sent nor forgotten.
func TestReplayCountsWhatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 256)
	require.NoError(t, err)
	defer m.close()
	for i := range 4 {
		require.NoError(t, m.add(plain(3, time.Now(), 3*i+1), 0, 0))
	}
	d, err := openDirectory(dir)
	require.NoError(t, err)
	s, err := newScan(d, selection{pending: true})
	require.NoError(t, err)
	c := newLogServer("200")
	defer c.stop()
	to := destination{url: c.URL + "/v1/logs", keyFrom: "none"}
	p, err := makePlan(t.Context(), s, to, time.Now())
	require.NoError(t, err)

	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*"))
	require.NoError(t, err)
	require.Greater(t, len(segments), 1)
	removeFile(t, segments[0])
	var out bytes.Buffer
	a := &app{ui: ui{out: &out, err: io.Discard}, now: time.Now}
	err = a.carryOut(t.Context(), s, p, to, pace{batch: 10, inFlight: 1, requestTimeout: time.Second, backoff: time.Second}, false)
	assert.Equal(t, exitPartial, exitCode(err, true))
	assert.Contains(t, out.String(), "9 records sent, 0 rejected, 0 failed, 3 gone, of 12")
}

// R4: the memory of a replay does not grow with the log.
func TestReplayOfALongLogIsStreamed(t *testing.T) {
	dir := filepath.Join(form.Scratch(t), "ledger")
	m, err := newMaker(dir, 64<<10)
	require.NoError(t, err)
	defer m.close()
	for i := range 40 {
		require.NoError(t, m.add(plain(500, time.Now(), 500*i+1), 0, 0))
	}
	d, err := openDirectory(dir)
	require.NoError(t, err)
	s, err := newScan(d, selection{})
	require.NoError(t, err)
	f := newFeed(3)
	c := newChunker(f, 100, 0)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.run(ctx, s) }()
	var b wal.Batch
	seen, most := 0, 0
	for seen < 20_000 {
		changed := f.Changed()
		require.NoError(t, f.Read(&b, 0, wal.Limits{}))
		if b.Len() == 0 {
			<-changed
			continue
		}
		most = max(most, f.Backlog(0).Records)
		seen += b.Len()
		f.Ack(&b)
	}
	cancel()
	<-f.drained
	assert.LessOrEqual(t, most, 300, "three batches of a hundred")
	assert.NoError(t, <-done)
}

func TestInterruptedProgramsExitWith130(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	defer m.close()
	require.NoError(t, m.add(plain(1, time.Now(), 1), 0, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"status", dir}, {"cat", dir}, {"replay", dir, "--to", "http://127.0.0.1:1", "--yes"}} {
		code, stdout, stderr := program(ctx, args...)
		assert.Equal(t, exitInterrupted, code, args)
		assert.Empty(t, stdout)
		assert.Equal(t, "ledger-replay: interrupted\n", stderr)
	}
}
