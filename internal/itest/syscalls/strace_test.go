//go:build linux && (amd64 || arm64)

package syscalls

import (
	"bufio"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// The sweep is as good as its list of calls. Here strace looks at the same scenarios and
// must find no call on the directory that the list does not have.
func TestNoOtherCallChangesTheDirectory(t *testing.T) {
	requireGate(t)
	requireStrace(t)
	byStrace, byGate := map[string]bool{}, map[string]bool{}
	for _, s := range scenarios() {
		if !form.Long() && s.name != "repair without state" && s.name != "reclaim" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			var before past
			if s.prepare != nil {
				before = s.prepare(t)
			}
			dir, srv := before.copy(t), newSink(t)
			for _, line := range straced(t, s, dir, srv.URL) {
				changing, known := classify(line)
				if changing {
					byStrace[callName(line)] = true
				}
				assert.True(t, known, "not swept: %s", line)
			}
			dir = before.copy(t)
			for _, c := range s.run(t, dir, srv.URL, newTag, func(call) verdict { return pass }).trace {
				byGate[c.name] = true
			}
		})
	}
	// strace does not tell the file behind an address.
	for _, name := range []string{"print", "munmap", "msync"} {
		delete(byGate, name)
	}
	assert.Equal(t, slices.Sorted(maps.Keys(byStrace)), slices.Sorted(maps.Keys(byGate)), "both see the same calls")
}

// requireStrace skips the test where strace is missing. If it is there it must work in CI.
func requireStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace: apt-get install strace")
	}
	out, err := exec.CommandContext(t.Context(), "strace", "-f", "-o", os.DevNull, "/bin/true").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		require.NoError(t, err, "%s", out)
	}
	t.Skipf("needs a sandbox that allows ptrace: %s", out)
}

// straced runs a scenario under strace and returns the lines that name the directory.
func straced(t *testing.T, s scenario, dir, url string) []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace")
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "-qq", "-y", "-s", "256", "-e", "trace=%file,%desc,%memory", "-o", log, self(t))
	cmd.Env = append(os.Environ(), roleEnv+"="+roleChild, scenarioEnv+"="+s.name, dirEnv+"="+dir, urlEnv+"="+url, tagEnv+"="+newTag)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := os.Open(log)
	require.NoError(t, err)
	defer f.Close()
	var lines []string
	for text := bufio.NewScanner(f); text.Scan(); {
		// A call that was interrupted by another is written twice; its second line, which
		// begins with <..., has no arguments that were not in the first.
		if line := text.Text(); strings.Contains(line, dir) && !strings.Contains(line, "<... ") {
			lines = append(lines, line)
		}
	}
	require.NotEmpty(t, lines)
	return lines
}

// callName is the name of the call in a line of strace: `1234  fsync(7</d/wal>) = 0`.
func callName(line string) string {
	match := regexp.MustCompile(`^\d+ +(\w+)\(`).FindStringSubmatch(line)
	if match == nil {
		return ""
	}
	return match[1]
}

// classify says of a line about the directory whether the call may change it, and whether
// the sweep stops at it or it only reads.
func classify(line string) (changing, known bool) {
	reads := strings.Fields("read pread64 readv preadv fstat newfstatat statx lstat stat getdents64 lseek epoll_ctl readlinkat execve")
	name := callName(line)
	switch {
	case slices.Contains(reads, name):
		return false, true
	case name == "openat" && !strings.Contains(line, "O_CREAT") && !strings.Contains(line, "O_TRUNC"):
		return false, true
	case name == "mmap" && !strings.Contains(line, "MAP_SHARED"):
		return false, true
	case name == "fcntl" && !strings.Contains(line, "LK"): // F_SETLK, F_OFD_SETLKW ...
		return false, true
	}
	return true, slices.ContainsFunc(entries(), func(e entry) bool { return e.name == name })
}

func TestLinesOfStraceAreUnderstood(t *testing.T) {
	for line, want := range map[string]struct{ changing, known bool }{
		`12  fsync(7</d/wal>) = 0`:                                               {true, true},
		`12  read(7</d/ring>, "x", 512) = 1`:                                     {false, true},
		`12  openat(AT_FDCWD, "/d/ring", O_RDONLY|O_CLOEXEC) = 7</d/ring>`:       {false, true},
		`12  openat(AT_FDCWD, "/d/ring", O_RDWR|O_CREAT|O_EXCL <unfinished ...>`: {true, true},
		`12  fcntl(7</d/state.db>, F_SETLK, {l_type=F_WRLCK}) = 0`:               {true, false},
		`12  fcntl(7</d/state.db>, F_GETFL) = 0`:                                 {false, true},
		`12  setxattr("/d/ring", "user.x", "y", 1, 0) = 0`:                       {true, false},
		`12  copy_file_range(7</d/a>, NULL, 8</d/b>, NULL, 9, 0) = 9`:            {true, false},
	} {
		changing, known := classify(line)
		assert.Equal(t, want.changing, changing, line)
		assert.Equal(t, want.known, known, line)
	}
}
