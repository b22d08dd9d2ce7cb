//go:build linux

package powercut

import (
	"fmt"
	"os"
	"testing"
)

const (
	// childEnv makes this binary the process that lives on the disk, see child_test.go.
	childEnv = "LEDGER_POWERCUT_CHILD"
	// controlEnv makes it one that takes the steps of a control, see control_test.go.
	controlEnv = "LEDGER_POWERCUT_CONTROL"
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(childEnv) != "":
		os.Exit(childMain())
	case os.Getenv(controlEnv) != "":
		err = controlMain(os.Getenv(controlEnv))
	default:
		if os.Geteuid() == 0 {
			err = Sweep()
		}
		if err == nil {
			os.Exit(m.Run())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
