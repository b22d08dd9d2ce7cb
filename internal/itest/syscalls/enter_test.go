//go:build linux && (amd64 || arm64)

package syscalls

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// gateFD is where a child that is to run behind the gate finds the socket to hand the
// gate over on.
const gateFD = 3

// enter puts this process behind the gate and becomes the program args. It returns only
// if that fails. The filter belongs to the calling thread, which exec makes the only one,
// and from there to every thread that the program starts.
func enter(args, env []string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	program := filter()
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	listener, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	// From here on every call of the list waits for the test. It waits for the listener,
	// which is close-on-exec, as is the socket: the program has neither.
	unix.CloseOnExec(gateFD)
	if err := unix.Sendmsg(gateFD, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		os.Exit(1) // Nobody answers calls, so not even a word could be said.
	}
	return fmt.Errorf("exec: %w", syscall.Exec(args[0], args, env))
}

// receive takes the listener from the child's end of the socket.
func receive(socket *os.File) (int, error) {
	b, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(int(socket.Fd()), b, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return 0, err
	}
	if len(messages) != 1 {
		return 0, errGate
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}
