//go:build unix

package faults

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// noLimit is a file size that is not reached.
const noLimit int64 = 1 << 40

// A limit on file sizes is a full disk that needs no root: it takes no byte more of
// any file, and every record is delivered from memory while it lasts.
func TestFileSizeLimitDeliversFromMemory_L1_L2(t *testing.T) {
	b := newSink(t).fresh()
	c := part(t, "hold", filepath.Join(form.Scratch(t), "ledger"), b)
	require.Equal(t, "open", c.line(t))
	require.Equal(t, "<nil>", c.tell(t, "log 1 100"))
	require.Equal(t, "<nil>", c.tell(t, "flush"))
	require.Equal(t, "<nil>", c.tell(t, "limit 1"))
	require.Equal(t, "<nil>", c.tell(t, "log 101 3000"))
	ok := assert.Eventually(t, func() bool { return len(b.messages()) == 3000 }, soon, time.Millisecond)
	require.True(t, ok, "%d of 3000 delivered under the limit; %s", len(b.messages()), c.tell(t, "stats"))
	require.Equal(t, "<nil>", c.tell(t, fmt.Sprint("limit ", noLimit)))
	require.Equal(t, "<nil>", c.tell(t, "log 3001 3100"))
	require.Equal(t, "<nil>", flushed(t, c))
	assert.Contains(t, c.tell(t, "stats"), "3100 3100 0 0 0 ")
	c.end(t)
	assert.Equal(t, messages(1, 3100), b.messages())
	assert.Empty(t, b.faults())
	form.Fault(t, "disk full", "RLIMIT_FSIZE: 2900 of 2900 records delivered by ID under the limit, 0 evicted, 0 lost")
}

// flushed flushes until the disk is well again.
func flushed(t *testing.T, c *child) string {
	t.Helper()
	answer := ""
	require.Eventually(t, func() bool { answer = c.tell(t, "flush"); return answer == "<nil>" }, soon, 10*time.Millisecond, "%s", answer)
	return answer
}

// A state.db that cannot be written, while everything else can: records are delivered,
// Health says that acks are not stored, and a kill then costs duplicates, not records.
func TestStateThatCannotBeWrittenCostsDuplicatesOnly_W2_S1(t *testing.T) {
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	c := part(t, "hold", dir, b)
	require.Equal(t, "open", c.line(t))
	require.Equal(t, "<nil>", c.tell(t, "log 1 5"))
	require.Equal(t, "<nil>", c.tell(t, "flush"))
	// Segments stay below 8 KiB here; of state.db only the meta pages are.
	require.Equal(t, "<nil>", c.tell(t, "limit 8192"))
	require.Equal(t, "<nil>", c.tell(t, "log 6 15"))
	require.Equal(t, "<nil>", c.tell(t, "sync"), "the log itself can be written")
	require.Eventually(t, func() bool { return len(b.messages()) == 15 }, soon, time.Millisecond)
	require.Eventually(t, func() bool {
		return strings.Contains(c.tell(t, "stats"), "acks are not stored")
	}, soon, 10*time.Millisecond)
	require.NoError(t, c.cmd.Process.Kill())
	_ = c.cmd.Wait()

	b.answer(http.StatusServiceUnavailable)
	again := open(t, config(dir, b))
	st := balance(t, again)
	assert.EqualValues(t, 5, st.Acked, "W2: what was not stored is not remembered")
	b.answer(0)
	require.NoError(t, again.Flush(within(t)))
	assert.Equal(t, messages(1, 15), b.messages())
	assert.Equal(t, 10, b.again, "the same bytes and IDs")
	assert.Empty(t, b.faults())
	assert.EqualValues(t, 15, balance(t, again).Delivered)
	form.Fault(t, "state.db", "cannot be written, then a kill: 15 of 15 records delivered by ID, 10 of them twice")
}

// The same, and room comes back before the process ends: nothing is sent twice.
func TestStateThatCanBeWrittenAgainForgetsNothing_W2(t *testing.T) {
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	c := part(t, "hold", dir, b)
	require.Equal(t, "open", c.line(t))
	require.Equal(t, "<nil>", c.tell(t, "limit 8192"))
	require.Equal(t, "<nil>", c.tell(t, "log 1 15"))
	require.Eventually(t, func() bool { return len(b.messages()) == 15 }, soon, time.Millisecond)
	require.Equal(t, "<nil>", c.tell(t, fmt.Sprint("limit ", noLimit)))
	require.Equal(t, "<nil>", c.tell(t, "log 16 20"))
	require.Equal(t, "<nil>", flushed(t, c))
	assert.NotContains(t, c.tell(t, "stats"), "acks are not stored")
	require.NoError(t, c.cmd.Process.Kill())
	_ = c.cmd.Wait()
	again := open(t, config(dir, b))
	require.NoError(t, again.Flush(within(t)))
	assert.Zero(t, b.again)
	assert.Equal(t, messages(1, 20), b.messages())
}
