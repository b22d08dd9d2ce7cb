//go:build !linux

package powercut

import "testing"

func TestPowerCut_W1_W2_W3_W4_W5_W7_L2(t *testing.T) {
	t.Skip("needs Linux: its ext4, its loop devices and its FUSE")
}
