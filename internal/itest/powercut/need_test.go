//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// needMachine skips a test where no [Machine] can be had, and says why. It returns
// the image of an empty file system. Where everything is there and does not work,
// it fails the test in CI, which installed it for this purpose.
func needMachine(t *testing.T) Image {
	t.Helper()
	if err := missing(); err != nil {
		t.Skip(err)
	}
	image, err := tryMachine(t)
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("cannot mount here, as in a container without the right to: %v", err)
	}
	require.NoError(t, err)
	return image
}

// missing names what this machine lacks, and where to get it.
func missing() error {
	if os.Geteuid() != 0 {
		return errors.New("needs root, to mount file systems")
	}
	for _, device := range []string{"/dev/fuse", "/dev/loop-control"} {
		if _, err := os.Stat(device); err != nil {
			return fmt.Errorf("needs %s: modprobe fuse loop", device)
		}
	}
	return Tools()
}

// tryMachine boots one and takes it down again.
func tryMachine(t *testing.T) (Image, error) {
	t.Helper()
	image, err := Format(t.TempDir())
	if err != nil {
		return Image{}, err
	}
	m, err := Boot(t.TempDir(), image, "")
	if err != nil {
		return Image{}, err
	}
	return image, m.Halt()
}
