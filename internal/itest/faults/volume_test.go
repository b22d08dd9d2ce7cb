package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// tally is a log server in this process that keeps no record and decodes none: it
// checks that their messages count up by one.
type tally struct {
	mu    sync.Mutex
	last  int
	wrong []string
}

func (c *tally) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		_, after, found := bytes.Cut(raw, []byte("message "))
		if !found {
			break
		}
		n, bad := strconv.Atoi(string(after[:8]))
		if bad != nil || n != c.last+1 {
			err = errors.Join(err, fmt.Errorf("message %d came after %d: %w", n, c.last, bad))
		}
		c.last, raw = n, after
	}
	if err != nil && len(c.wrong) < 10 {
		c.wrong = append(c.wrong, err.Error())
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody,
	}, nil
}

// Very many records through a small log, one request at a time: each arrives once, in
// the order in which it was logged, and neither disk nor memory grows with their number.
func TestVolumeThroughASmallLog_W1_L2(t *testing.T) {
	total, most := 100_000, 4000
	if form.Long() {
		total = 10_000_000
	}
	count := &tally{}
	cfg := config(filepath.Join(form.Scratch(t), "ledger"), &book{url: "http://offline", client: &http.Client{Transport: count}})
	cfg.MaxInFlight, cfg.MaxRecords = 1, 3*most
	cfg.MaxBytes = 4 << 20 // Segments of 256 KiB, of which each holds about a second of this.
	cfg.KeepAcked = ledger.Retention{Age: time.Hour, Bytes: 1 << 20}
	c := open(t, cfg)
	var disk int64
	var heap uint64
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for i := 1; i <= total; i++ {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
		if i%500 != 0 {
			continue
		}
		st := balance(t, c)
		for ; st.Pending > uint64(most); st = balance(t, c) {
			require.NoError(t, t.Context().Err())
			<-poll.C
		}
		disk = max(disk, st.DiskBytes)
		if i%(total/20) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapAlloc)
			if i == total/2 { // Half of the way with one process, half with another.
				require.NoError(t, c.Close())
				c = open(t, cfg)
			}
		}
	}
	require.NoError(t, c.Flush(within(t)))
	st := balance(t, c)
	assert.Empty(t, count.wrong, "in order, each once")
	assert.Equal(t, total, count.last)
	assert.EqualValues(t, total, st.Accepted, "W1")
	assert.EqualValues(t, total, st.Delivered)
	assert.LessOrEqual(t, disk, int64(8<<20), "bounded by MaxBytes and what is kept")
	assert.LessOrEqual(t, heap, uint64(64<<20))
	form.Fault(t, "clock, volume, wrap", "%d records through segments of 256 KiB: each once and in order, disk at most %d KiB, heap at most %d KiB",
		total, disk>>10, heap>>10)
}
