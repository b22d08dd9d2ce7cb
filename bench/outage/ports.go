package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
)

// While a server is away nobody else may have its port: what its clients send would go
// astray, and it could not come back. Ports from 32768 up are no good, for a system gives
// them to outgoing connections: a client could even dial itself. Of those below, this
// program takes a block for itself and tells others that run at the same time by
// listening on the block's first port as long as it lives.
const (
	firstPort, lastPort = 20_000, 32_000
	blockSize           = 200
)

// ports are those of a block.
type ports struct {
	guard net.Listener
	first int
	used  atomic.Int32
}

func reserve(ctx context.Context) (*ports, error) {
	for first := firstPort; first+blockSize <= lastPort; first += blockSize {
		if guard, err := listen(ctx, address(first)); err == nil {
			return &ports{guard: guard, first: first}, nil
		}
	}
	return nil, errors.New("no block of ports is free")
}

func (p *ports) close() error { return p.guard.Close() }

// next returns a listener on a port that had no server yet.
func (p *ports) next(ctx context.Context) (net.Listener, error) {
	for {
		n := int(p.used.Add(1))
		if n >= blockSize {
			return nil, errors.New("no free port")
		}
		if l, err := listen(ctx, address(p.first+n)); err == nil {
			return l, nil
		}
	}
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func listen(ctx context.Context, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}
