package harness

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Watch follows the counters of one life of a service, from its start to its death.
// Offsets of different lives are not compared: those that were not synced when a
// life ended by a power cut or with a heap ring may be given again in the next.
type Watch struct {
	url    string
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	samples []sample
	synced  uint64
	first   Counters
	latest  Counters
}

// sample is one look at the counters.
type sample struct {
	asked time.Time // before the request for them was sent
	last  uint64
}

// Follow starts to look at the statistics at url, every interval, until Stop. A
// service that does not answer is looked at again.
func Follow(url string, interval time.Duration) *Watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watch{url: url, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.run(ctx, interval)
	}()
	return w
}

// Stop ends the watch and waits for its last look. It must be called before the
// service is killed: the watch would take the next life for this one.
func (w *Watch) Stop() {
	w.cancel()
	<-w.done
}

func (w *Watch) run(ctx context.Context, interval time.Duration) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		asked := time.Now()
		if c, err := ReadCounters(ctx, client, w.url); err == nil {
			w.note(asked, c)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *Watch) note(asked time.Time, c Counters) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.samples) == 0 {
		w.first = c
	}
	w.samples = append(w.samples, sample{asked: asked, last: c.Last})
	w.synced = max(w.synced, c.Synced)
	w.latest = c
}

// First returns the counters of the first look.
func (w *Watch) First() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// Latest returns the counters of the last look.
func (w *Watch) Latest() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// Cutoff returns a time before which every answered request is proven to be synced
// (H4), zero if nothing is proven.
//
// The proof: a request is recorded before it is answered, so one that was answered
// before a look was asked for has an offset of at most the last one that this look
// shows. If any look of the same life shows that offset as synced, so is the request.
func (w *Watch) Cutoff() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var cutoff time.Time
	for _, s := range w.samples {
		if s.last <= w.synced && s.asked.After(cutoff) {
			cutoff = s.asked
		}
	}
	return cutoff
}
