package otel

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also runs the applications that are killed.
func TestMain(m *testing.M) {
	if pipeline := os.Getenv(pipelineEnv); pipeline != "" {
		if err := application(pipeline); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
