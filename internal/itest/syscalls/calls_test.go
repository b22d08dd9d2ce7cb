//go:build linux && (amd64 || arm64)

package syscalls

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// shape says where a call names its file.
type shape uint8

const (
	byFD     shape = iota // descriptor in argument 0
	byPath                // directory descriptor and path in 0 and 1
	byPaths               // two such pairs
	byMapFD               // mmap: descriptor in argument 4
	byMemory              // munmap, msync: an address in argument 0
)

// entry is one system call that the gate stops.
type entry struct {
	nr    uintptr
	name  string
	shape shape
	// If mask is not 0 the call is stopped only if argument arg has one of its bits.
	arg, mask uint32
}

// entries are the calls that change files, as Go makes them on linux: the same on both
// processors, because Go uses the *at forms. That there are no others is the business of
// TestNoOtherCallChangesTheDirectory.
func entries() []entry {
	const (
		creates = unix.O_CREAT | unix.O_TRUNC
		shared  = unix.MAP_SHARED
	)
	return []entry{
		{unix.SYS_OPENAT, "openat", byPath, 2, creates},
		{unix.SYS_WRITE, "write", byFD, 0, 0},
		{unix.SYS_PWRITE64, "pwrite64", byFD, 0, 0},
		{unix.SYS_WRITEV, "writev", byFD, 0, 0},
		{unix.SYS_PWRITEV, "pwritev", byFD, 0, 0},
		{unix.SYS_FSYNC, "fsync", byFD, 0, 0},
		{unix.SYS_FDATASYNC, "fdatasync", byFD, 0, 0},
		{unix.SYS_FTRUNCATE, "ftruncate", byFD, 0, 0},
		{unix.SYS_FALLOCATE, "fallocate", byFD, 0, 0},
		{unix.SYS_FLOCK, "flock", byFD, 0, 0},
		{unix.SYS_FCHMOD, "fchmod", byFD, 0, 0},
		{unix.SYS_CLOSE, "close", byFD, 0, 0},
		{unix.SYS_FCHMODAT, "fchmodat", byPath, 0, 0},
		{unix.SYS_MKDIRAT, "mkdirat", byPath, 0, 0},
		{unix.SYS_UNLINKAT, "unlinkat", byPath, 0, 0},
		{unix.SYS_RENAMEAT, "renameat", byPaths, 0, 0},
		{unix.SYS_RENAMEAT2, "renameat2", byPaths, 0, 0},
		{unix.SYS_LINKAT, "linkat", byPaths, 0, 0},
		{unix.SYS_MMAP, "mmap", byMapFD, 3, shared},
		{unix.SYS_MUNMAP, "munmap", byMemory, 0, 0},
		{unix.SYS_MSYNC, "msync", byMemory, 0, 0},
	}
}

// passive are calls among them that leave the directory as it is. They are points of a
// kill all the same, because what they end (a lock, a mapping) could matter.
func passive(name string) bool {
	switch name {
	case "flock", "close", "mmap", "munmap":
		return true
	}
	return false
}

// filter is the seccomp program that stops the calls and lets all others pass.
func filter() []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		anyOf = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K

		// struct seccomp_data
		number, arch, args = 0, 4, 16
	)
	stop := unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF}
	pass := unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW}
	native := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		native = unix.AUDIT_ARCH_AARCH64
	}
	program := []unix.SockFilter{
		{Code: load, K: arch},
		{Code: equal, K: native, Jt: 1},
		pass,
		{Code: load, K: number},
	}
	for _, e := range entries() {
		if e.mask == 0 {
			program = append(program, unix.SockFilter{Code: equal, K: uint32(e.nr), Jf: 1}, stop)
			continue
		}
		program = append(program,
			unix.SockFilter{Code: equal, K: uint32(e.nr), Jf: 4},
			unix.SockFilter{Code: load, K: args + 8*e.arg}, // its lower half: both are little-endian
			unix.SockFilter{Code: anyOf, K: e.mask, Jf: 1},
			stop,
			pass,
		)
	}
	return append(program, pass)
}
