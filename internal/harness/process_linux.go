package harness

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when its parent is gone, even if the
// parent was killed and could clean up nothing (H1).
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
