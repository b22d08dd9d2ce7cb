package ledger_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain doubles as the child process of the crash tests.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}
