package ledgerlogrus

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain doubles as the process that logrus ends.
func TestMain(m *testing.M) {
	if dir := os.Getenv(dyingEnv); dir != "" {
		die(dir)
	}
	goleak.VerifyTestMain(m)
}
