//go:build linux

package powercut

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatTheDeadLeftMountedIsFound(t *testing.T) {
	const mounts = `proc /proc proc rw 0 0
powercut-7 /tmp/a/fuse fuse.powercut rw 0 0
/dev/loop0 /tmp/a/ext4 ext4 rw 0 0
powercut-8 /tmp/b/fuse fuse.powercut rw 0 0
/dev/loop1 /tmp/b/ext4 ext4 rw 0 0
powercut-7 /tmp/c/memory tmpfs rw 0 0
/dev/loop2 /home ext4 rw 0 0
`
	got := abandoned(mounts, func(pid int) bool { return pid == 8 })
	assert.Equal(t, []string{"/tmp/a/ext4", "/tmp/a/fuse", "/tmp/c/ext4", "/tmp/c/memory"}, got)
}
