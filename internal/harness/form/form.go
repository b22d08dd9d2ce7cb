package form

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// Long reports whether the exhaustive forms are asked for: LEDGER_CRASH=long.
func Long() bool { return os.Getenv("LEDGER_CRASH") == "long" }

// given returns LEDGER_SEED, which is in what a failed test printed.
func given(t testing.TB) (seed uint64, ok bool) {
	t.Helper()
	text := os.Getenv("LEDGER_SEED")
	if text == "" {
		return 0, false
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("LEDGER_SEED: %v", err)
	}
	return seed, true
}

// Seed returns where the random choices of a test start and prints it.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed, ok := given(t)
	if !ok {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("LEDGER_SEED=%d repeats these choices", seed)
	return seed
}

// Histories returns the first seed and the number of the histories to play, each by a
// seed of its own: short or long of them from seed 1 on, or the one of LEDGER_SEED.
func Histories(t testing.TB, short, long int) (first uint64, n int) {
	t.Helper()
	first, n = 1, short
	if Long() {
		n = long
	}
	if seed, ok := given(t); ok {
		first, n = seed, 1
	}
	t.Logf("histories of the seeds %d to %d", first, first+uint64(n)-1)
	return first, n
}

// Scratch returns a directory for tests that open thousands of files: in memory where
// the platform has such a place, because nothing in them needs a real disk.
func Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ledger-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("scratch directory: %v", err)
		}
	})
	return dir
}

// Fault tells `make crash` what a test has shown of a fault, see scripts/testall.
func Fault(t testing.TB, row, format string, args ...any) {
	t.Helper()
	t.Attr("fault", row+" | "+fmt.Sprintf(format, args...))
}
