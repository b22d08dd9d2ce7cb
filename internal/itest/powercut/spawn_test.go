//go:build linux

package powercut

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// spawn runs a process on the disk until the power goes or it has lived long enough,
// and returns what it said. With cut set the power goes at the latest then.
func (h *history) spawn(d *Disk, l life, longest time.Duration, cut bool) claims {
	t := h.t
	t.Helper()
	spec, err := json.Marshal(l)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := make(chan claims, 1)
	go func() {
		var c claims
		for lines := bufio.NewScanner(out); lines.Scan(); {
			c.hear(lines.Text())
		}
		said <- c
	}()
	timer := time.NewTimer(longest)
	defer timer.Stop()
	var c claims
	ended := false
	select {
	case <-d.Off():
	case <-timer.C:
	case c = <-said:
		ended = true // By itself, which is an error.
	}
	if cut {
		d.Cut()
	}
	// The kill before the release: nobody may learn what a disk without power answers.
	_ = cmd.Process.Kill()
	if cut {
		d.Release()
	}
	if !ended {
		c = <-said
	}
	_ = cmd.Wait() // It was killed.
	if ended && c.err == "" {
		c.err = "it ended by itself: " + complaints.String()
	}
	return c
}
