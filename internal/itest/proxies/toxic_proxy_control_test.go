package proxies

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listener takes one connection, answers its first byte and reads it to its end.
func listener(t *testing.T, answer []byte) (addr string, got <-chan []byte) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	out := make(chan []byte, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		first := make([]byte, 1)
		n, _ := c.Read(first)
		if n > 0 {
			_, _ = c.Write(answer)
		}
		rest, _ := io.ReadAll(c)
		out <- append(first[:n], rest...)
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String(), out
}

// Each toxic does what it says, or the tests that use it show nothing.
func TestToxics(t *testing.T) {
	data := bytes.Repeat([]byte("x"), 3000)
	for name, tt := range map[string]struct {
		toxic
		up, down [2]int // least and most bytes that pass
		err      error  // that the client reads
		least    time.Duration
	}{
		"none":        {up: [2]int{3000, 3000}, down: [2]int{3000, 3000}},
		"latency":     {toxic{latency: 30 * time.Millisecond}, [2]int{3000, 3000}, [2]int{3000, 3000}, nil, 30 * time.Millisecond},
		"rate":        {toxic{rate: 30_000}, [2]int{3000, 3000}, [2]int{3000, 3000}, nil, 100 * time.Millisecond},
		"hole":        {toxic{swallow: [2]bool{true, true}}, [2]int{}, [2]int{}, nil, 0},
		"no answers":  {toxic{swallow: [2]bool{down: true}}, [2]int{3000, 3000}, [2]int{}, nil, 0},
		"cut up":      {toxic{cut: [2]int{up: 100}}, [2]int{1, 100}, [2]int{0, 3000}, nil, 0},
		"cut down":    {toxic{cut: [2]int{down: 100}}, [2]int{0, 3000}, [2]int{1, 100}, nil, 0},
		"reset":       {toxic{cut: [2]int{down: 1}, end: resets}, [2]int{0, 3000}, [2]int{0, 1}, syscall.ECONNRESET, 0},
		"half closed": {toxic{cut: [2]int{down: 100}, end: halfCloses}, [2]int{3000, 3000}, [2]int{1, 100}, nil, 0},
		"late": {
			toxic{cut: [2]int{up: 1}, late: time.Millisecond},
			[2]int{3000, 3000},
			[2]int{0, 3000},
			nil, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			addr, got := listener(t, data)
			p := newProxy(t, addr)
			p.poison(tt.toxic)
			begin := time.Now()
			c, err := net.Dial("tcp", p.addr)
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Write(data)
			require.NoError(t, err)
			if tt.swallow[down] { // Nothing comes, not even an end.
				require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
			} else if tt.err == nil && tt.end != halfCloses && tt.late == 0 {
				_ = c.(*net.TCPConn).CloseWrite() // It may be cut by now.
			}
			back, err := io.ReadAll(c)
			switch {
			case tt.swallow[down]:
				require.ErrorContains(t, err, "timeout")
			case tt.err != nil:
				require.ErrorIs(t, err, tt.err)
			default:
				require.True(t, err == nil || tt.late > 0 || tt.cut[up] > 0, "%v", err)
			}
			assert.GreaterOrEqual(t, time.Since(begin), tt.least)
			assert.True(t, len(back) >= tt.down[0] && len(back) <= tt.down[1], "%d bytes came back", len(back))
			_ = c.Close()
			n := len(<-got)
			assert.True(t, n >= tt.up[0] && n <= tt.up[1], "%d bytes arrived", n)
		})
	}
}
