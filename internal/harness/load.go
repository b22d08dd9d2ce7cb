package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// RequestIDHeader carries the unique id of a request. The middleware records it as
// request.id, so that the record of every answered request can be looked up.
const RequestIDHeader = "X-Request-Id"

// Load sends requests to a service on the loopback interface.
type Load struct {
	// Name begins the id of every request: "a" makes a-000000, a-000001, ...
	Name string
	// Next makes the n-th request of the load, counted from 0. The id is in its
	// header already when it is sent; Next may put it into the URL as well.
	Next func(ctx context.Context, n int, id string) (*http.Request, error)
	// Rate is in requests per second, sent at even distances, whether or not
	// earlier ones were answered. 0 means: each worker sends its next request when
	// its last one was answered.
	Rate float64
	// Workers bounds the requests in flight. Default 32.
	Workers int
	// Count ends the load after so many requests. 0 means: when the context ends.
	Count int
	// Timeout bounds each request. Default 10 s.
	Timeout time.Duration
}

// Run sends until the context or the count ends, waits for the requests in flight,
// and notes every outcome in tally. The end of the context is not an error, and does
// not cut off the requests in flight: they end by themselves or at their timeout.
func (l Load) Run(ctx context.Context, tally *Tally) error {
	if l.Workers <= 0 {
		l.Workers = 32
	}
	if l.Timeout <= 0 {
		l.Timeout = 10 * time.Second
	}
	transport := &http.Transport{MaxIdleConnsPerHost: l.Workers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: l.Timeout}

	// At a fixed rate a short queue covers the moment that a worker takes to come
	// back; in a closed loop there must be none, or more would be sent after the end.
	queue := 0
	if l.Rate > 0 {
		queue = l.Workers
	}
	work := make(chan int, queue)
	stop := make(chan struct{}) // closed by the worker that cannot go on
	var once sync.Once
	var failure error
	var workers sync.WaitGroup
	for range l.Workers {
		workers.Go(func() {
			for n := range work {
				if err := l.send(client, n, tally); err != nil {
					once.Do(func() { failure = err; close(stop) })
					return
				}
			}
		})
	}
	l.schedule(ctx, stop, work, tally)
	close(work)
	workers.Wait()
	return failure
}

// schedule hands out the numbers of the requests. At a fixed rate, a request that no
// worker is free for, and no queue has room for, is left out and counted as such: a
// load that falls behind must not turn into a burst.
func (l Load) schedule(ctx context.Context, stop <-chan struct{}, work chan<- int, tally *Tally) {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; l.Count == 0 || n < l.Count; n++ {
		if l.Rate > 0 {
			timer.Reset(time.Until(start.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))))
			select {
			case <-timer.C:
			case <-stop:
				return
			case <-ctx.Done():
				return
			}
			// A schedule that is behind finds its timer and the end ready at once, and
			// select takes either: without this look the load would go on past its end.
			if ctx.Err() != nil {
				return
			}
			select {
			case work <- n:
			default:
				tally.skip()
			}
			continue
		}
		select {
		case work <- n:
		case <-stop:
			return
		case <-ctx.Done():
			return
		}
	}
}

// send makes one exchange. Its error is one of making the request; an exchange that
// failed is a result.
func (l Load) send(client *http.Client, n int, tally *Tally) error {
	id := fmt.Sprintf("%s-%06d", l.Name, n)
	req, err := l.Next(context.Background(), n, id)
	if err != nil {
		return fmt.Errorf("harness: make request %d: %w", n, err)
	}
	req.Header.Set(RequestIDHeader, id)
	a := Answer{ID: id, Sent: time.Now()}
	if a.Status, err = exchange(client, req); err == nil {
		a.At = time.Now()
		tally.answer(a)
	} else {
		tally.fail(a.Sent)
	}
	return nil
}

// exchange sends a request and reads the whole response (H3).
func exchange(client *http.Client, req *http.Request) (status int, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
