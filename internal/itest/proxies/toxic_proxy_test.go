package proxies

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The ways of a connection.
const (
	up   = iota // from the client to the server
	down        // and back
)

// toxic is what the proxy does to connections. The zero value is a good network.
type toxic struct {
	latency time.Duration // of every piece of data
	rate    int           // bytes per second on each way; 0 is no limit
	swallow [2]bool       // ways on which data disappears, and the connection stays
	// cut breaks a connection somewhere within so many more bytes on a way, a random
	// place for each; 0 is never.
	cut  [2]int
	end  ending
	late time.Duration // by how much the end comes later at most, while data passes
}

// ending is how a cut looks to the client.
type ending int

const (
	closes     ending = iota // both sides are closed
	resets                   // both sides are reset
	halfCloses               // no more comes back, and the way to the server stays open
)

// proxy is a TCP proxy with a toxic, which can be changed while connections are open.
type proxy struct {
	addr, upstream string
	listener       net.Listener
	toxic          atomic.Pointer[toxic]
	bites          atomic.Int64    // what the toxic did
	passed         [2]atomic.Int64 // bytes that passed

	mu    sync.Mutex
	rng   *rand.Rand
	links map[*link]bool
	shut  bool
	all   sync.WaitGroup
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{addr: l.Addr().String(), upstream: upstream, listener: l, rng: seeded(t), links: map[*link]bool{}}
	p.lift()
	p.all.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) endpoint() string { return "http://" + p.addr }

// poison puts a toxic on all connections, present and future.
func (p *proxy) poison(x toxic) { p.toxic.Store(&x) }

func (p *proxy) lift() { p.poison(toxic{}) }

// strand makes the present connections dead, without telling either side.
func (p *proxy) strand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.gone[up].Store(true)
		l.gone[down].Store(true)
	}
}

// close ends all connections, and waits until nothing can reach the server any more.
func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.shut = true
	for l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.all.Wait()
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.serve(c.(*net.TCPConn)) })
	}
}

func (p *proxy) serve(client *net.TCPConn) {
	server, err := net.Dial("tcp", p.upstream)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{p: p, conns: [2]*net.TCPConn{client, server.(*net.TCPConn)}, dead: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = true
	if p.shut {
		l.close()
	}
	p.mu.Unlock()
	back := make(chan struct{})
	go func() {
		defer close(back)
		l.pump(down)
	}()
	l.pump(up)
	<-back
	l.close()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// draw returns a number from 1 to n.
func (p *proxy) draw(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return 1 + p.rng.IntN(n)
}

// link is a connection through the proxy.
type link struct {
	p     *proxy
	conns [2]*net.TCPConn // conns[way] is where that way begins
	gone  [2]atomic.Bool  // nothing passes any more
	dead  chan struct{}
	once  sync.Once

	// Of each way by itself: the toxic that was seen last, and bytes until the cut.
	seen [2]*toxic
	left [2]int
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.dead)
		_ = l.conns[up].Close()
		_ = l.conns[down].Close()
	})
}

// pump moves data on one way until that ends.
func (l *link) pump(way int) {
	buf := make([]byte, 4<<10)
	for {
		n, err := l.conns[way].Read(buf)
		if n > 0 && !l.pass(way, buf[:n]) {
			l.close()
			return
		}
		switch {
		case errors.Is(err, io.EOF):
			_ = l.conns[1-way].CloseWrite()
			return
		case err != nil:
			l.close()
			return
		}
	}
}

// pass treats a piece of data as the toxic says, and reports whether the connection lives.
func (l *link) pass(way int, b []byte) bool {
	x := l.p.toxic.Load()
	if x != l.seen[way] {
		l.seen[way], l.left[way] = x, 0
		if x.cut[way] > 0 {
			l.left[way] = l.p.draw(x.cut[way])
		}
	}
	if x.swallow[way] {
		l.gone[way].Store(true) // For good: what is missing in a stream never comes.
	}
	if l.gone[way].Load() {
		l.p.bites.Add(1)
		return true
	}
	if wait := x.delay(len(b)); wait > 0 {
		l.p.bites.Add(1)
		if !l.wait(wait) {
			return false
		}
	}
	cut := l.left[way] > 0 && len(b) >= l.left[way]
	if cut && x.late == 0 {
		b = b[:l.left[way]]
	}
	l.left[way] = max(l.left[way]-len(b), 0)
	if _, err := l.conns[1-way].Write(b); err != nil {
		return false
	}
	l.p.passed[way].Add(int64(len(b)))
	return !cut || l.cut(way, x)
}

// cut ends the connection, and reports whether some of it lives on.
func (l *link) cut(way int, x *toxic) bool {
	l.p.bites.Add(1)
	switch {
	case x.late > 0:
		time.AfterFunc(time.Duration(l.p.draw(int(x.late))), l.close)
		return true
	case x.end == resets:
		_ = l.conns[up].SetLinger(0)
		_ = l.conns[down].SetLinger(0)
	case x.end == halfCloses:
		_ = l.conns[up].CloseWrite()
		l.gone[way].Store(true)
		return true
	}
	return false
}

func (x *toxic) delay(n int) time.Duration {
	wait := x.latency
	if x.rate > 0 {
		wait += time.Duration(n) * time.Second / time.Duration(x.rate)
	}
	return wait
}

func (l *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.dead:
		return false
	}
}
