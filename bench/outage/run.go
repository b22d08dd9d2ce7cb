package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// life is the distance between the numbers of two processes of one run.
const life = 10_000_000

// run is a library in a scenario.
type run struct {
	peer     peer
	scenario scenario

	server    *server
	dir       string
	calls     []call    // of all processes that are gone
	from, til time.Time // the outage
}

// measure does a run.
func measure(ctx context.Context, p *ports, l peer, s scenario) (_ result, err error) {
	r := &run{peer: l, scenario: s}
	if r.dir, err = os.MkdirTemp("", "ledger-outage-*"); err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.server, err = newServer(ctx, p, l.wire); err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, r.server.close()) }()

	if err := r.play(ctx); err != nil {
		return result{}, err
	}
	late := r.server.missing(r.calls)
	if late > 0 {
		if err := r.deliverRest(ctx); err != nil {
			return result{}, fmt.Errorf("next process: %w", err)
		}
		late -= r.server.missing(r.calls)
	}
	arrived, err := r.server.delivered()
	if err != nil {
		return result{}, err
	}
	res := audit(r.calls, arrived, r.from, r.til)
	res.peer, res.scenario, res.late = l.name, s, late
	return res, nil
}

// play is the scenario up to the end of the process.
func (r *run) play(ctx context.Context) (err error) {
	p, err := r.start(ctx, r.scenario.rate, life)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // p may be gone already, which is no error
			err = errors.Join(err, p.kill())
		}
	}()
	if err := pause(ctx, r.scenario.before); err != nil {
		return err
	}
	r.from = time.Now()
	if err := r.takeDown(); err != nil {
		return err
	}
	if p, err = r.waitOut(ctx, p); err != nil {
		return err
	}
	if err := r.bringUp(ctx); err != nil {
		return err
	}
	r.til = time.Now()
	if err := pause(ctx, r.scenario.after); err != nil {
		return err
	}
	err = p.stop()
	r.calls = append(r.calls, p.calls...)
	return err
}

func (r *run) start(ctx context.Context, rate, first int) (*process, error) {
	return start(ctx, job{Peer: r.peer.name, Endpoint: r.server.url(), Dir: r.dir, Rate: rate, First: first})
}

func (r *run) takeDown() error {
	switch r.scenario.outage {
	case refused, killed:
		return r.server.close()
	case unavailable:
		r.server.unavailable.Store(true)
	case none:
	}
	return nil
}

func (r *run) bringUp(ctx context.Context) error {
	switch r.scenario.outage {
	case refused, killed:
		return r.server.reopen(ctx)
	case unavailable:
		r.server.unavailable.Store(false)
	case none:
	}
	return nil
}

// waitOut waits until the outage is over, and returns the process that logs then.
func (r *run) waitOut(ctx context.Context, p *process) (*process, error) {
	if r.scenario.outage == killed {
		if err := pause(ctx, r.scenario.down/2); err != nil {
			return p, err
		}
		if err := p.kill(); err != nil {
			return p, err
		}
		r.calls = append(r.calls, p.calls...)
		if p.readErr != nil {
			return p, p.readErr
		}
		if err := pause(ctx, time.Second); err != nil {
			return p, err
		}
		next, err := r.start(ctx, r.scenario.rate, 2*life)
		if err != nil {
			return p, err
		}
		p = next
	}
	return p, pause(ctx, time.Until(r.from.Add(r.scenario.down)))
}

// deliverRest starts a process that logs nothing, and stops it when nothing is missing
// or its time is over.
func (r *run) deliverRest(ctx context.Context) error {
	p, err := r.start(ctx, 0, 0)
	if err != nil {
		return err
	}
	for end := time.Now().Add(r.scenario.next); r.server.missing(r.calls) > 0 && time.Now().Before(end); {
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return errors.Join(err, p.kill())
		}
	}
	return p.stop()
}

// turn is a run among others.
type turn struct {
	peer     peer
	scenario scenario
}

// product lets every library have every scenario.
func product(all []peer, scenarios []scenario) []turn {
	var turns []turn
	for _, s := range scenarios {
		for _, l := range all {
			turns = append(turns, turn{l, s})
		}
	}
	return turns
}

// measureAll does every run, so many at a time and the long ones first, and returns the
// results in the order of turns. A run that fails is left out, and the error tells why.
func measureAll(ctx context.Context, turns []turn, parallel int) ([]result, error) {
	p, err := reserve(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close() //nolint:errcheck // Nothing was written to it.

	order := make([]int, len(turns))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(turns[b].scenario.length(), turns[a].scenario.length())
	})
	queue := make(chan int, len(turns))
	for _, i := range order {
		queue <- i
	}
	close(queue)
	results, errs := make([]result, len(turns)), make([]error, len(turns))
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range queue {
				results[i], errs[i] = measure(ctx, p, turns[i].peer, turns[i].scenario)
			}
		})
	}
	workers.Wait()

	var measured []result
	for i, t := range turns {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s, %s, %s: %w", t.peer.name, t.scenario.outage, t.scenario.load(), errs[i])
			continue
		}
		measured = append(measured, results[i])
	}
	return measured, errors.Join(errs...)
}
