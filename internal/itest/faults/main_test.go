package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
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

// seeded returns a source of random choices that can be repeated.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(form.Seed(t), 0))
}
