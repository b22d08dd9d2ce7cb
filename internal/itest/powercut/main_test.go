//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const (
	// namespaceEnv says that this process is the one with mounts of its own.
	namespaceEnv = "LEDGER_POWERCUT_NAMESPACE"
	// childEnv makes this binary the process that lives on the disk, see child_test.go.
	childEnv = "LEDGER_POWERCUT_CHILD"
)

// TestMain runs the tests in a process with a mount namespace of its own. Whatever
// way that ends, by a panic or a kill too, its mounts go with it, and with them the
// loop devices.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childEnv) != "":
		os.Exit(childMain())
	case os.Getenv(namespaceEnv) != "" || os.Geteuid() != 0:
		os.Exit(m.Run())
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), namespaceEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		os.Exit(m.Run()) // A root of little power: the tests say what they miss.
	}
	if err == nil {
		err = cmd.Wait()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1)
	}
}
