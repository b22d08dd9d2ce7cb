package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childEnv names what this test program does instead of testing.
const childEnv = "LEDGER_FAULT_CHILD"

// TestMain also runs the parts that tests play in processes of their own.
func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		if err := play(part); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// isLong reports whether the exhaustive forms are asked for.
func isLong() bool { return os.Getenv("LEDGER_CRASH") == "long" }

// inCI reports whether everything that a test needs has been installed.
func inCI() bool { return os.Getenv("CI") == "true" }

// lacks skips a test for want of something that the machine does not have.
func lacks(t *testing.T, what, how string) {
	t.Helper()
	if inCI() {
		t.Fatalf("%s; CI must have it: %s", what, how)
	}
	t.Skipf("%s; %s", what, how)
}

// reportFault tells `make crash` what a test did.
func reportFault(t *testing.T, row, format string, args ...any) {
	t.Helper()
	t.Attr("fault", row+" | "+fmt.Sprintf(format, args...))
}

// seeded returns a source of random choices that can be repeated.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("LEDGER_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err, "LEDGER_SEED")
	}
	t.Logf("LEDGER_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// fastDir returns a directory in memory if there is one: thousands of opens would
// spend their time in fsync otherwise.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ledger-fault-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}
