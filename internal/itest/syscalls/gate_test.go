//go:build linux && (amd64 || arm64)

package syscalls

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errGate says that the child did not get behind the gate. Its standard error says why.
var errGate = errors.New("no gate")

// call is one call of the child on its directory, at its entry.
type call struct {
	name string
	path string // below the directory; "." is the directory itself
	to   string // second path
	fd   int    // descriptor, -1 if the call has none
	size int64  // ftruncate: the new size
	// window: between "begin" and "end".
	window bool
	// verdict of the test.
	verdict verdict
}

func (c call) String() string {
	s := c.name + " " + c.path
	if c.to != "" {
		s += " " + c.to
	}
	switch c.verdict {
	case fail:
		s += " = EIO"
	case tear:
		s += ", half of it"
	case pass, kill:
	}
	return s
}

// verdict is what becomes of a call.
type verdict uint8

const (
	pass verdict = iota
	fail         // it is not made and returns EIO
	kill         // it is not made: the process is killed
	tear         // half of what it writes is written: the process is killed
)

// gate answers the calls of one child.
type gate struct {
	dir    string
	pid    int
	decide func(c call) verdict

	entries []entry
	trace   []call   // on the directory
	said    []string // lines on standard output, as the child began to write them
	window  bool
	killed  *call
	err     error // of a torn write
}

// notification and answer are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// serve answers calls until the child is gone.
func (g *gate) serve(listener int) error {
	g.entries = entries()
	for {
		fds := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("poll: %w", err)
		}
		if fds[0].Revents&unix.POLLIN == 0 {
			if fds[0].Revents != 0 {
				return g.err
			}
			continue
		}
		var n notification
		switch err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); {
		case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINTR):
			continue // The thread died first.
		case err != nil:
			return fmt.Errorf("receive: %w", err)
		}
		if g.killed != nil {
			continue // What other threads begin while the kill is under way does not happen.
		}
		a := answer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		switch g.judge(n) {
		case fail:
			a = answer{id: n.id, errno: -int32(unix.EIO)}
		case kill, tear:
			if err := unix.Kill(g.pid, unix.SIGKILL); err != nil {
				return fmt.Errorf("kill: %w", err)
			}
			continue
		case pass:
		}
		if err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// judge notes a call and asks the test about it.
func (g *gate) judge(n notification) verdict {
	i := slices.IndexFunc(g.entries, func(e entry) bool { return e.nr == uintptr(n.nr) })
	e := g.entries[i]
	c := call{name: e.name, fd: -1, window: g.window}
	if e.name == "write" && n.args[0] == 1 {
		line := strings.TrimSuffix(string(memory(n.pid, n.args[1], int(n.args[2]))), "\n")
		g.said = append(g.said, line)
		switch line {
		case "begin":
			g.window = true
		case "end":
			g.window = false
		}
		c.name, c.path = "print", line
	} else if !g.locate(&c, e, n) {
		return pass
	}
	c.verdict = g.decide(c)
	g.trace = append(g.trace, c)
	switch c.verdict {
	case tear:
		g.err = errors.Join(g.err, writeHalf(n))
		g.killed = &c
	case kill:
		g.killed = &c
	case pass, fail:
	}
	return c.verdict
}

// tearable tells the calls that a kill can interrupt half-way: the kernel looks for a
// fatal signal between two pages of a write.
func tearable(c call) bool { return c.name == "write" || c.name == "pwrite64" }

// writeHalf writes the first half of what a write was to write.
func writeHalf(n notification) error {
	fd, size := int32(n.args[0]), int(n.args[2])
	at := int64(n.args[3]) // of pwrite64
	if n.nr == unix.SYS_WRITE {
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", n.pid, fd))
		if err != nil {
			return err
		}
		if _, err := fmt.Sscanf(string(info), "pos: %d", &at); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", n.pid, fd), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(memory(n.pid, n.args[1], size/2), at)
	return errors.Join(err, f.Close())
}

// locate finds the file of a call. It returns false if that is not in the directory.
func (g *gate) locate(c *call, e entry, n notification) (inside bool) {
	switch e.shape {
	case byFD:
		c.fd, c.path = int(int32(n.args[0])), target(n.pid, n.args[0])
		c.size = int64(n.args[1])
	case byMapFD:
		c.fd, c.path = int(int32(n.args[4])), target(n.pid, n.args[4])
	case byPath:
		c.path = pathAt(n.pid, n.args[0], n.args[1])
	case byPaths:
		c.path, c.to = pathAt(n.pid, n.args[0], n.args[1]), pathAt(n.pid, n.args[2], n.args[3])
	case byMemory:
		c.path = mapped(n.pid, n.args[0])
	}
	c.to, _ = g.below(c.to)
	c.path, inside = g.below(c.path)
	return inside
}

func (g *gate) below(path string) (string, bool) {
	rel, err := filepath.Rel(g.dir, strings.TrimSuffix(path, " (deleted)"))
	if path == "" || err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return "", false
	}
	return rel, true
}

func target(pid uint32, fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int32(fd)))
	if err != nil {
		return "" // No such descriptor: the call will say so.
	}
	return path
}

func pathAt(pid uint32, dirfd, addr uint64) string {
	b := memory(pid, addr, unix.PathMax)
	path, _, _ := strings.Cut(string(b), "\x00")
	if filepath.IsAbs(path) {
		return path
	}
	if int32(dirfd) == unix.AT_FDCWD {
		cwd, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
		return filepath.Join(cwd, path)
	}
	return filepath.Join(target(pid, dirfd), path)
}

// memory reads up to n bytes of the child, which is stopped.
func memory(pid uint32, addr uint64, n int) []byte {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, n)
	got, _ := f.ReadAt(b, int64(addr)) // It may end before n, with its page.
	return b[:got]
}

// mapped returns the file that is mapped at an address.
func mapped(pid uint32, addr uint64) string {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(maps) {
		var from, to uint64
		if _, err := fmt.Sscanf(string(line), "%x-%x", &from, &to); err != nil || addr < from || addr >= to {
			continue
		}
		if _, path, ok := strings.Cut(string(line), "/"); ok {
			return "/" + strings.TrimSpace(path)
		}
		return ""
	}
	return ""
}
