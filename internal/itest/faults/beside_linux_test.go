package faults

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ledger-sdk/ledger-go/internal/harness"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// looker is the operator's program.
type looker struct{ path string }

func buildLooker(t *testing.T) looker {
	t.Helper()
	path, err := harness.Build(t.Context(), filepath.Join("..", "..", ".."), "./cmd/ledger-replay", filepath.Join(t.TempDir(), "ledger-replay"))
	require.NoError(t, err)
	return looker{path}
}

// run runs it and returns what it printed. Damage and records that were reclaimed
// meanwhile have exit codes of their own; beside a busy writer only the latter may be.
func (l looker) run(t *testing.T, before []string, args ...string) []byte {
	t.Helper()
	argv := append(append(append([]string(nil), before...), l.path), args...)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		require.Equal(t, 4, cmd.ProcessState.ExitCode(), "%v: %s", args, stderr.String())
	}
	return stdout.Bytes()
}

// The operator's program beside a process that logs as fast as it can: it changes
// nothing, prints no record twice and none with wrong bytes, and the process loses
// nothing by it. "Nothing" is shown twice: by names, inodes, sizes, times and hashes
// while the writer is stopped, and by the system calls while it runs, if strace is here.
func TestLooksBesideALiveWriterChangeNothing_W8(t *testing.T) {
	look := buildLooker(t)
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	writer := part(t, "load", dir, b)
	writer.line(t)
	logged := make(chan struct{})
	go func() { // The writer must not wait for a reader of what it prints.
		defer close(logged)
		for writer.out.Scan() {
			continue
		}
	}()
	rounds, printed, sent := 1, 0, 0
	if form.Long() {
		rounds = 30
	}
	for round := range rounds {
		replayed := s.fresh()
		commands := [][]string{
			{"status", dir, "--json"},
			{"cat", dir, "-o", "jsonl"},
			{"replay", dir, "--all", "--dry-run", "--to", replayed.url},
		}
		stop(t, writer)
		for _, args := range commands {
			before := footprint(t, dir)
			out := look.run(t, nil, args...)
			assert.Equal(t, before, footprint(t, dir), "R1: %v", args)
			if args[0] == "cat" {
				printed += checkPrinted(t, out)
			}
		}
		require.NoError(t, writer.cmd.Process.Signal(syscall.SIGCONT))
		printed += checkPrinted(t, look.run(t, tracer(t, dir, round), "cat", dir, "-o", "jsonl"))
		look.run(t, nil, "replay", dir, "--all", "--to", replayed.url, "--yes")
		assert.Zero(t, replayed.again, "no record twice")
		assert.Empty(t, replayed.faults())
		sent += len(replayed.all())
		checkTrace(t, dir, round)
		delivered := b.all()
		for id, was := range replayed.all() {
			if want, known := delivered[id]; known {
				require.Equal(t, want, was, "F1: what is replayed is what was logged")
			}
		}
	}
	require.NoError(t, writer.cmd.Process.Kill())
	<-logged
	_ = writer.cmd.Wait()
	c := open(t, config(dir, b))
	require.NoError(t, c.Flush(within(t)))
	st := balance(t, c)
	assert.Zero(t, st.Lost)
	assert.Empty(t, b.faults())
	assert.Zero(t, st.Recovery.QuarantinedBytes)
	require.Positive(t, printed)
	require.Positive(t, sent)
	form.Fault(t, "two processes", "%d looks beside a writer of %d records: nothing changed, %d records printed and %d replayed, 0 twice, 0 with wrong bytes",
		rounds*5, st.Accepted, printed, sent)
}

// stop stops a child and waits until its last thread stands still.
func stop(t *testing.T, c *child) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGSTOP))
	require.NoError(t, unix.Waitid(unix.P_PID, c.cmd.Process.Pid, nil, unix.WSTOPPED, nil))
}

// checkPrinted checks the output of cat: each record once, in order, as it was logged.
func checkPrinted(t *testing.T, out []byte) (records int) {
	t.Helper()
	last := uint64(0)
	ids := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var r struct {
			Offset uint64 `json:"offset"`
			ID     string `json:"record_id"`
			Body   string `json:"body"`
			Error  string `json:"error"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		require.Greater(t, r.Offset, last, "each once, in order")
		require.False(t, ids[r.ID], "twice: %s", r.ID)
		require.Empty(t, r.Error)
		require.Equal(t, message(int(r.Offset)), r.Body, "one goroutine logs: the offset is the message's number")
		last, ids[r.ID] = r.Offset, true
		records++
	}
	require.NoError(t, lines.Err())
	return records
}

// footprint is everything about a directory that could change: names, inodes, modes,
// sizes, times and bytes.
func footprint(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		sys, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		line := fmt.Sprintf("inode %d, %v, %d bytes, %v", sys.Ino, info.Mode(), info.Size(), info.ModTime())
		if e.Type().IsRegular() {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			line += fmt.Sprintf(", %x", sha256.Sum256(b))
		}
		out[path] = line
		return nil
	}))
	return out
}

func traceFile(dir string, round int) string {
	return filepath.Join(filepath.Dir(dir), fmt.Sprintf("trace-%d", round))
}

// tracer is what to run a program with to have its system calls written down; nothing
// if there is no strace.
func tracer(t *testing.T, dir string, round int) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Log("no strace here: install it to have the looks checked while the writer runs")
		return nil
	}
	return []string{path, "-f", "-qq", "-y", "-s", "256", "-e", "trace=%file,write,pwrite64,ftruncate,fchmod,mmap", "-o", traceFile(dir, round)}
}

// checkTrace looks for system calls that change something in the directory.
func checkTrace(t *testing.T, dir string, round int) {
	t.Helper()
	b, err := os.ReadFile(traceFile(dir, round))
	if os.IsNotExist(err) {
		return
	}
	require.NoError(t, err)
	opened := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		if !strings.Contains(line, dir) || strings.Contains(line, "execve(") {
			continue
		}
		_, call, _ := strings.Cut(line, " ")
		name, args, _ := strings.Cut(strings.TrimSpace(call), "(")
		switch name {
		case "openat", "open":
			opened++
			assert.NotRegexp(t, `O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND`, args)
		case "newfstatat", "lstat", "stat", "statx", "readlink", "readlinkat", "access", "faccessat", "faccessat2", "fstat":
		case "mmap":
			assert.NotContains(t, args, "MAP_SHARED", "%s", line)
		default:
			if !strings.HasPrefix(name, "<...") {
				t.Errorf("R1: %s", line)
			}
		}
	}
	assert.Positive(t, opened, "the trace shows what it should")
}
