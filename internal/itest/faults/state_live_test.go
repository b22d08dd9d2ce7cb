//go:build unix

package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// Somebody cuts, empties, overwrites or removes state.db under a running client, which
// has it mapped. The process lives, delivery goes on, and the next one neither lacks a
// record nor is told of acks that never were.
func TestStateSpoiledUnderARunningClient_W2_W7(t *testing.T) {
	overwrite := func(path string, from int64, b []byte) error {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt(b, from)
		return err
	}
	noise := make([]byte, 256<<10)
	rng := seeded(t)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	ones := make([]byte, 64<<10)
	for i := range ones {
		ones[i] = 0xFF
	}
	tests := []struct {
		name  string
		spoil func(path string) error
	}{
		{"cut to nothing", func(p string) error { return os.Truncate(p, 0) }},
		{"cut to a page", func(p string) error { return os.Truncate(p, 4096) }},
		{"cut to its meta pages", func(p string) error { return os.Truncate(p, 8192) }},
		{"cut in half", func(p string) error { return os.Truncate(p, 64<<10) }},
		{"grown", func(p string) error { return os.Truncate(p, 1<<20) }},
		{"overwritten with noise", func(p string) error { return overwrite(p, 0, noise) }},
		{"its pages overwritten with noise", func(p string) error { return overwrite(p, 8192, noise[:64<<10]) }},
		{"its pages overwritten with ones", func(p string) error { return overwrite(p, 8192, ones) }},
		{"its meta pages overwritten with zeros", func(p string) error { return overwrite(p, 0, make([]byte, 8192)) }},
		{"removed", os.Remove},
		{"replaced by a directory", func(p string) error { _ = os.Remove(p); return os.Mkdir(p, 0o700) }},
	}
	s := newSink(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			path := filepath.Join(dir, "state.db")
			c := open(t, config(dir, b))
			logN(t, c, 1, 10)
			require.NoError(t, c.Flush(within(t)))
			require.NoError(t, tt.spoil(path))
			logN(t, c, 11, 60)
			require.Eventually(t, func() bool { return len(b.messages()) == 60 }, soon, time.Millisecond)
			b.answer(http.StatusServiceUnavailable)
			logN(t, c, 61, 70)
			require.NoError(t, c.Sync(within(t)))
			balance(t, c)
			_ = c.Close() // It may say that acks were not stored.
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				require.NoError(t, os.Remove(path)) // Open names it; an operator removes it.
			}

			b.answer(0)
			c = open(t, config(dir, b))
			logN(t, c, 71, 71)
			require.NoError(t, c.Flush(within(t)))
			assert.Equal(t, messages(1, 71), b.messages(), "F2")
			assert.Empty(t, b.faults(), "F1")
			st := balance(t, c)
			assert.EqualValues(t, 71, st.Accepted, "W1")
			assert.Zero(t, st.Lost+st.Evicted)
		})
	}
	form.Fault(t, "state.db", "%d ways to spoil it under a running client: %d records checked by ID, 0 lost, 0 panics", len(tests), len(tests)*71)
}
