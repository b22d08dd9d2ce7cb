package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// R2: what the process settles and removes while it is being looked at is no loss.
func TestWhatIsReclaimedMeanwhileIsNotLost_L2(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMakerKeeping(dir, 256, wal.Retention{})
	require.NoError(t, err)
	defer m.close()
	for i := range 5 {
		require.NoError(t, m.add(plain(3, time.Now(), 3*i+1), 0, 0))
	}
	require.NoError(t, m.ack(1))
	d, err := openDirectory(dir) // Head is 1 here.
	require.NoError(t, err)

	require.NoError(t, m.ack(10))
	m.log.Reader(0).Reclaim(m.log.Reader(0).Checkpoint())
	m.log.Maintain()
	st, err := collect(t.Context(), d, time.Now())
	require.NoError(t, err)
	assert.Greater(t, st.Offsets.First, wal.Offset(4), "something was removed that was pending a moment ago")
	assert.Zero(t, st.Destinations[0].Records.Lost)
	assert.Empty(t, st.Problems)
	r := st.Destinations[0].Records
	assert.Equal(t, r.Accepted, r.Delivered+r.Pending+r.Dead+r.Evicted+r.Lost)
}

// A version that wrote what this one cannot read is no damage: nothing is guessed.
func TestStateOfANewerFormatIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	require.NoError(t, m.close())
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		value := binary.BigEndian.AppendUint32(nil, 99)
		sum := crc32.Checksum(append([]byte("format"), value...), crc32.MakeTable(crc32.Castagnoli))
		return tx.Bucket([]byte("meta")).Put([]byte("format"), binary.BigEndian.AppendUint32(value, sum))
	}))
	require.NoError(t, db.Close())
	for _, command := range []string{"status", "cat"} {
		code, stdout, stderr := program(t.Context(), command, dir)
		assert.Equal(t, exitRuntime, code)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "newer format")
	}
}

// R3: a resource that only state.db knows is as good as one that the log repeats.
func TestResourceIsFoundInTheState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	defer m.close()
	b := otlp.AppendResource(nil, []slog.Attr{slog.String("service.name", "of the state")})
	m.resource, err = m.state.AddResource(b) // And not SetResource.
	require.NoError(t, err)
	require.NoError(t, m.add(plain(1, time.Now(), 1), 0, 0))
	c := newLogServer("200")
	defer c.stop()
	code, _, stderr := program(t.Context(), "replay", dir, "--to", c.URL, "--yes")
	require.Equal(t, exitOK, code, stderr)
	assert.Contains(t, c.requests()[0].text(), "service=of the state ")
	code, stdout, _ := program(t.Context(), "status", dir)
	require.Equal(t, exitOK, code)
	assert.Contains(t, stdout, `service.name="of the state"`)
}

// The senders look resources up while the pass that feeds them may learn of more.
func TestKnownResourcesAreFrozen(t *testing.T) {
	s, err := newScan(&directory{}, selection{})
	require.NoError(t, err)
	s.resources[1] = []byte("one")
	known := s.known()
	s.resources[2] = []byte("two")
	assert.Equal(t, []byte("one"), known(1))
	assert.Nil(t, known(2))
}

func TestLogThatCannotBeReadToItsEndFailsTheReplay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
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
	require.Greater(t, len(segments), 2)
	removeFile(t, segments[1])
	require.NoError(t, os.Symlink(segments[0], segments[1]))
	var out bytes.Buffer
	a := &app{ui: ui{out: &out, err: io.Discard}, now: time.Now}
	err = a.carryOut(t.Context(), s, p, to, pace{batch: 10, inFlight: 1, requestTimeout: time.Second, backoff: time.Second}, false)
	assert.Equal(t, exitRuntime, exitCode(err, true))
	assert.ErrorContains(t, err, "is a symbolic link")
	assert.Contains(t, out.String(), "of 12;")
	assert.Contains(t, out.String(), "ended early: the log could not be read to its end")
}
