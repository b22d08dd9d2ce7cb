package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// limitFiles sets the size that the process's files cannot exceed.
func (p *process) limitFiles(size uint64) {
	p.t.Helper()
	limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	require.NoError(p.t, unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil))
}

func TestFullDiskIsAnsweredWith503AndHeals(t *testing.T) { // I1, D3, D4
	p := startProcess(t, filepath.Join(t.TempDir(), "logs.db"))
	status, _ := p.post(batchIDs("before", 100)...)
	require.Equal(t, http.StatusOK, status)

	for range 3 {
		p.limitFiles(1)
		for range 3 {
			status, header := p.post(batchIDs("during", 100)...)
			assert.Equal(t, http.StatusServiceUnavailable, status)
			assert.Equal(t, "5", header.Get("Retry-After"))
		}
		assert.Equal(t, http.StatusServiceUnavailable, p.status("/readyz"))
		assert.Equal(t, http.StatusOK, p.status("/livez"))
		assert.Len(t, p.stored(), 100, "reading goes on, and nothing of the refused is there")

		p.limitFiles(unix.RLIM_INFINITY)
		assert.Equal(t, http.StatusOK, p.status("/readyz"), "it finds out by itself")
	}
	status, _ = p.post(batchIDs("during", 100)...)
	assert.Equal(t, http.StatusOK, status)
	stored := p.stored()
	assert.Len(t, stored, 200)
	assert.Zero(t, stored["during-0"], "a refused record was not an arrival")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Zero(t, p.wait(), p.log()) // Its log is complete now.
	assert.Equal(t, 3, strings.Count(p.log(), "cannot write"), "one line for each outage")
	assert.Equal(t, 3, strings.Count(p.log(), "works again"))
}

// A kill leaves the page cache alone, so it cannot show that an answer waits for
// the disk. A disk that cannot sync can: there must be no 200 any more.
func TestNoAnswerWithoutSync(t *testing.T) { // D1
	p := startProcess(t, filepath.Join(t.TempDir(), "logs.db"))
	status, _ := p.post("before")
	require.Equal(t, http.StatusOK, status)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGUSR1))
	require.Eventually(t, func() bool { return strings.Contains(p.log(), "test: fsync") }, time.Minute, time.Millisecond)
	if strings.Contains(p.log(), syncNotBroken) {
		t.Skip("this kernel has no system call filters: ", p.log())
	}
	for range 3 {
		status, _ = p.post("after")
		assert.Equal(t, http.StatusServiceUnavailable, status)
	}
	assert.Equal(t, map[string]int{"before": 0}, p.stored())
}
