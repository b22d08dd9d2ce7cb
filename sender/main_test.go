package sender

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also runs the parts that tests play in processes of their own.
func TestMain(m *testing.M) {
	if part := os.Getenv("SENDER_TEST_PART"); part != "" {
		if err := playPart(part, os.Getenv("SENDER_TEST_DIR")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
