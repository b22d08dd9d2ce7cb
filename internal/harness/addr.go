package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// The ports of FreeAddr. From 32768 up systems give ports to outgoing connections: while
// a server is away, one of them could take its port, or a client could dial itself.
const (
	firstPort, lastPort = 10_000, 19_999
	portTries           = 1000
)

// FreeAddr returns a loopback address with a port that is free now, for a server that
// has to come back on the same port after it was stopped. Of ten thousand ports it is a
// random one, as other processes look for theirs at the same time.
//
// It does not listen there itself: a process that another goroutine starts meanwhile has
// the socket until it runs its program, and the server could not listen.
func FreeAddr() (string, error) {
	dialer := net.Dialer{Timeout: time.Second}
	for range portTries {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort+1))
		conn, _ := dialer.Dial("tcp", addr)
		if conn == nil { // Nobody listens.
			return addr, nil
		}
		_ = conn.Close()
	}
	return "", errors.New("harness: find port: none is free")
}
