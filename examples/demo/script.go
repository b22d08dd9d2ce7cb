package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

const (
	lookEvery = 50 * time.Millisecond
	drainTime = 90 * time.Second
)

// moments are when things happened, for the audit and the latencies.
type moments struct {
	begin            time.Time
	stopped, started time.Time // the server
	killed, reborn   time.Time // the service
}

// performance is a demo that is being played.
type performance struct {
	*stage
	plan       plan
	when       moments
	load, base harness.Tally // of the service and of its twin
}

// play runs the plan and returns what came of it.
func (s *stage) play(ctx context.Context, p plan) (*result, error) {
	if err := errors.Join(s.startServer(ctx), s.startService(ctx), s.startTwin(ctx)); err != nil {
		return nil, err
	}
	s.say("server on %s, service on %s: %.0f requests/s for %v", s.serverURL(), s.serviceURL(), p.rate, p.total)
	perf := &performance{stage: s, plan: p}
	first, second, err := perf.act(ctx)
	if err != nil {
		return nil, err
	}
	s.say("waiting until everything is delivered")
	draining, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	final, err := harness.Drain(draining, s.serviceURL()+"/debug/ledger")
	if err != nil {
		return nil, err
	}
	st := newStore(s.serverURL())
	defer st.close()
	stored, err := st.read(ctx)
	if err != nil {
		return nil, err
	}
	return perf.result(first, second, final, stored), nil
}

// act keeps the load up while the plan goes on, and returns the watches of the
// service's two lives.
func (p *performance) act(ctx context.Context) (first, second *harness.Watch, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loading, endLoad := context.WithTimeout(ctx, p.plan.total)
	defer endLoad()

	p.when.begin = time.Now()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel() // before the wait above
	loads := make(chan error, 2)
	running.Go(func() { loads <- p.loadOf("service", p.serviceURL()).Run(loading, &p.load) })
	running.Go(func() {
		if sleep(loading, time.Duration(float64(time.Second)/p.plan.rate/2)) == nil {
			loads <- p.loadOf("twin", p.twinURL()).Run(loading, &p.base)
			return
		}
		loads <- nil
	})

	first = p.follow()
	defer first.Stop()
	if err := p.outage(ctx, first); err != nil {
		return nil, nil, err
	}
	if err := p.until(ctx, p.plan.killAt, first, "server up"); err != nil {
		return nil, nil, err
	}
	first.Stop()
	if err := p.rebirth(ctx); err != nil {
		return nil, nil, err
	}
	second = p.follow()
	defer second.Stop()
	if err := p.until(ctx, p.plan.total, second, "server up"); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(<-loads, <-loads); err != nil {
		return nil, nil, err
	}
	// One more look after the last answer, so that all of it can be proven.
	return first, second, sleep(ctx, 4*lookEvery)
}

func (p *performance) follow() *harness.Watch {
	return harness.Follow(p.serviceURL()+"/debug/ledger", lookEvery)
}

// rebirth kills the service and starts it again.
func (p *performance) rebirth(ctx context.Context) error {
	p.when.killed = time.Now()
	if err := p.service.Kill(); err != nil {
		return err
	}
	if err := p.startService(ctx); err != nil {
		return err
	}
	p.when.reborn = time.Now()
	p.say("%5s  service killed (SIGKILL) and started again", p.clock())
	return nil
}

// outage stops the server and starts it again, as planned.
func (p *performance) outage(ctx context.Context, w *harness.Watch) error {
	if err := p.until(ctx, p.plan.stopAt, w, "server up"); err != nil {
		return err
	}
	p.when.stopped = time.Now()
	if err := p.server.Stop(stopTime); err != nil {
		return err
	}
	p.say("%5s  server stopped", p.clock())
	if err := p.until(ctx, p.plan.startAt, w, "server down"); err != nil {
		return err
	}
	if err := p.startServer(ctx); err != nil {
		return err
	}
	p.when.started = time.Now()
	p.say("%5s  server started", p.clock())
	return nil
}

func (p *performance) clock() string {
	return fmt.Sprintf("%.0f s", time.Since(p.when.begin).Seconds())
}

// until waits for a moment of the plan, with a line of progress each second.
func (p *performance) until(ctx context.Context, at time.Duration, w *harness.Watch, state string) error {
	end := p.when.begin.Add(at)
	for left := time.Until(end); left > 0; left = time.Until(end) {
		if err := sleep(ctx, min(left, time.Second)); err != nil {
			return err
		}
		answered, failed, _ := p.load.Counts()
		c := w.Latest()
		p.say("%5s  %-11s  answered %5d  not answered %3d  waiting on disk %5d", p.clock(), state, answered, failed, c.Pending)
	}
	return nil
}

// loadOf gives the service and its twin the same mix of requests.
func (p *performance) loadOf(name, url string) harness.Load {
	return harness.Load{
		Name: name, Rate: p.plan.rate, Workers: 64, Timeout: 5 * time.Second,
		Next: func(ctx context.Context, n int, id string) (*http.Request, error) {
			target := fmt.Sprintf("%s/orders/%d?rid=%s", url, n%1000+1, id)
			return http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		},
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
