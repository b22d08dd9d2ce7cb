package harness

import (
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process that starts has every socket of its parent for a moment.
func TestFreeAddrIsFreeWhileProcessesStart(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	var starting sync.WaitGroup
	defer starting.Wait()
	done := make(chan struct{})
	defer close(done)
	for range 4 {
		starting.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					assert.NoError(t, exec.Command(exe, "-test.run=^$").Run())
				}
			}
		})
	}
	for range 500 {
		addr, err := FreeAddr()
		require.NoError(t, err)
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

func TestFreeAddrIsNoAddressOfAServer(t *testing.T) {
	addr, err := FreeAddr()
	require.NoError(t, err)
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	defer l.Close()
	for range 2000 {
		other, err := FreeAddr()
		require.NoError(t, err)
		require.NotEqual(t, addr, other)
	}
}
