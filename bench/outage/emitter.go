package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// jobEnv holds the job of a process that logs: this program, started by itself.
const jobEnv = "LEDGER_OUTAGE_JOB"

// shutdownTime is what a process has to end in when it is asked to.
const shutdownTime = 10 * time.Second

// job of a process that logs. It does it until its standard input ends, which it also
// does when the process that started it is gone.
type job struct {
	Peer     string
	Endpoint string // base URL of the server
	Dir      string // where the library may keep files
	Rate     int    // records per second; with 0 it only delivers what is left
	First    int    // number of the first record
}

// emitterMain does the job that the environment holds, if it holds one.
func emitterMain(all []peer) (done bool, err error) {
	text := os.Getenv(jobEnv)
	if text == "" {
		return false, nil
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return true, err
	}
	p, err := findPeer(all, j.Peer)
	if err != nil {
		return true, err
	}
	return true, j.do(p, os.Stdin, os.Stdout)
}

// do logs until orders ends, and reports to the one who gave them: "ready", then a
// line per call. A line is one write, so that it is whole or not there.
func (j job) do(p peer, orders io.Reader, report io.Writer) error {
	log, err := p.open(j)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, orders)
		stop()
	}()
	if _, err := fmt.Fprintln(report, readyLine); err != nil {
		return err
	}
	emitted := make(chan error, 1)
	go func() { emitted <- j.emit(ctx, log, report) }()
	<-ctx.Done()

	// A call may be blocked still. What an application then does to its library is
	// undefined, so it waits like one that does it right.
	limit, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	select {
	case err := <-emitted:
		if err != nil {
			return err
		}
	case <-limit.Done():
		return nil
	}
	// That not everything could be delivered is seen at the server.
	_ = log.shutdown(limit)
	return nil
}

// emit makes the calls of a schedule. One that comes late because its predecessor was
// blocked is made at once: the work that is logged was done.
func (j job) emit(ctx context.Context, log logger, report io.Writer) error {
	if j.Rate == 0 {
		return nil
	}
	start := time.Now()
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * time.Second / time.Duration(j.Rate))
		if err := pause(ctx, time.Until(due)); err != nil {
			return nil //nolint:nilerr // It was told to stop.
		}
		c := call{number: j.First + n, at: time.Now()}
		c.refused = log.log(message(c.number)) != nil
		if _, err := io.WriteString(report, c.line()); err != nil {
			return err
		}
	}
}
