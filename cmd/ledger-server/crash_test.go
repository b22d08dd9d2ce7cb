package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every record that was answered with 200 is there after kill -9, whatever was
// under way, and sending everything once more stores nothing twice.
func TestAnsweredRecordsSurviveKill(t *testing.T) { // I1, D1, D2
	db := filepath.Join(t.TempDir(), "logs.db")
	acks := &acknowledged{}
	for round := range 3 {
		p := startProcess(t, db)
		var once sync.Once
		until := acks.n + 10 + 7*round
		p.load(fmt.Sprint("round", round), acks, func(batches int) {
			if batches >= until {
				once.Do(func() { _ = p.cmd.Process.Kill() })
			}
		})
		p.kill()
	}

	p := startProcess(t, db)
	stored := p.stored()
	for _, id := range acks.ids {
		require.Contains(t, stored, id, "answered with 200 and lost")
	}
	assert.GreaterOrEqual(t, acks.n, 30)

	for i := 0; i < len(acks.ids); i += 1000 {
		status, _ := p.post(acks.ids[i:min(i+1000, len(acks.ids))]...)
		require.Equal(t, http.StatusOK, status)
	}
	again := p.stored()
	assert.Len(t, again, len(stored), "nothing is stored twice")
	for _, id := range acks.ids {
		assert.Equal(t, 1, again[id], "and each was counted")
	}
	var stats struct{ Records, Duplicates int }
	p.get("/api/v1/stats", &stats)
	assert.Equal(t, len(stored), stats.Records)
	assert.Equal(t, len(acks.ids), stats.Duplicates)
}

func TestTermFinishesWhatIsUnderWayAndLeavesOneFile(t *testing.T) {
	db := filepath.Join(t.TempDir(), "logs.db")
	p := startProcess(t, db)
	acks := &acknowledged{}
	var once sync.Once
	p.load("a", acks, func(batches int) {
		if batches >= 20 {
			once.Do(func() { assert.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM)) })
		}
	})
	assert.Zero(t, p.wait(), p.log())
	assert.NoFileExists(t, db+"-wal", "the write-ahead log was moved into the database")
	assert.Contains(t, p.log(), "shutting down")
	assert.NotContains(t, p.log(), "cut off")

	p = startProcess(t, db)
	stored := p.stored()
	for _, id := range acks.ids {
		require.Contains(t, stored, id)
	}
}

// termReader is a body whose first byte is read only after the server has been
// told to end, and has said that it heard.
type termReader struct {
	p    *process
	body *bytes.Reader
	once sync.Once
}

func (r *termReader) Read(b []byte) (int, error) {
	r.once.Do(func() {
		assert.NoError(r.p.t, r.p.cmd.Process.Signal(syscall.SIGTERM))
		assert.Eventually(r.p.t, func() bool { return strings.Contains(r.p.log(), "shutting down") }, time.Minute, time.Millisecond)
	})
	return r.body.Read(b)
}

func TestTermWaitsForTheRequestUnderWay(t *testing.T) {
	db := filepath.Join(t.TempDir(), "logs.db")
	p := startProcess(t, db)
	p.http.Transport.(*http.Transport).ExpectContinueTimeout = 2 * time.Minute
	body := &termReader{p: p, body: bytes.NewReader(batch(t, "late"))}
	r, err := http.NewRequest(http.MethodPost, p.base+"/v1/logs", body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("Expect", "100-continue") // the body is asked for by the handler
	resp, err := p.http.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Zero(t, p.wait(), p.log())
	assert.Contains(t, startProcess(t, db).stored(), "late")
}

func TestAddressInUseIsAFailure(t *testing.T) {
	p := startProcess(t, filepath.Join(t.TempDir(), "logs.db"))
	var out, errs syncBuffer
	code := run([]string{"-addr", p.base[len("http://"):], "-db", filepath.Join(t.TempDir(), "logs.db")}, noEnv, &out, &errs)
	assert.Equal(t, 1, code)
	assert.Contains(t, errs.String(), "address already in use")
}
