//go:build linux && (amd64 || arm64)

package syscalls

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// What a re-executed test binary is.
const (
	roleEnv   = "SYSCALLS_TEST_ROLE"
	roleGate  = "gate"  // on its way behind the gate: becomes the program in its arguments
	roleChild = "child" // runs the scenario that the environment names
)

// TestMain doubles as the program that is killed.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleEnv) {
	case roleGate:
		env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, roleEnv+"=") })
		err = enter(os.Args[1:], append(env, roleEnv+"="+roleChild))
	case roleChild:
		err = play()
	default:
		goleak.VerifyTestMain(m)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errOpen) {
			os.Exit(exitOpen)
		}
		os.Exit(1)
	}
	os.Exit(0)
}
