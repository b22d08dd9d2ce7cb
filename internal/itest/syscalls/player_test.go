//go:build linux && (amd64 || arm64)

package syscalls

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// How the child is told what to do.
const (
	scenarioEnv = "SYSCALLS_TEST_SCENARIO"
	dirEnv      = "SYSCALLS_TEST_DIR"
	urlEnv      = "SYSCALLS_TEST_URL"
	tagEnv      = "SYSCALLS_TEST_TAG"    // begins every message, so that runs tell their records apart
	faultsEnv   = "SYSCALLS_TEST_FAULTS" // calls are made to fail, which may show
)

// errOpen is how a child ends that could not open its directory.
var errOpen = errors.New("open")

const (
	exitOpen    = 3
	serviceName = "crash"
)

// player is the child: an application that says what it was promised.
type player struct {
	cfg    ledger.Config
	c      *ledger.Client
	tag    string
	faults bool
	quiet  bool   // many records: promise says all at once
	n      int    // records logged, or tried to
	met    uint64 // faults that the clients which were closed had counted
}

// play runs the scenario that the environment names, and then what any application
// does: it goes on logging, and closes.
func play() error {
	s, ok := scenarioNamed(os.Getenv(scenarioEnv))
	if !ok {
		return fmt.Errorf("no scenario %q", os.Getenv(scenarioEnv))
	}
	p := &player{
		cfg: s.configure(os.Getenv(dirEnv), os.Getenv(urlEnv)), tag: os.Getenv(tagEnv), faults: os.Getenv(faultsEnv) != "",
	}
	if err := s.play(p); err != nil {
		return err
	}
	return p.end()
}

// end is the part behind the scenario's window.
func (p *player) end() error {
	err := p.log(2)
	for try := 0; err == nil && try < 3; try++ {
		var synced bool
		if synced, err = p.trySync(); synced {
			break
		}
	}
	if err == nil {
		err = p.close()
	}
	p.say("tried %d", p.n)
	p.say("faults %d", p.met)
	return err
}

// say prints a line with one write.
func (p *player) say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

func (p *player) open() error {
	var err error
	if p.c, err = ledger.Open(p.cfg); err != nil {
		return errors.Join(errOpen, err)
	}
	p.say("mapped %v", p.c.Stats().BufferMapped)
	return nil
}

// log admits n records and says of each that it was promised.
func (p *player) log(n int) error { return p.logSized(n, 10) }

// logSized does so with records of about size bytes.
func (p *player) logSized(n, size int) error {
	if p.quiet {
		p.say("tried %d", p.n+n)
	}
	for range n {
		p.n++
		err := p.c.Log(context.Background(), ledger.Record{Message: message(p.tag, p.n) + " " + strings.Repeat("x", size)})
		switch {
		case err == nil && !p.quiet:
			p.say("logged %d", p.n)
		case err == nil:
		case p.faults && errors.Is(err, ledger.ErrNotSynced): // Under SyncAlways: admitted, not promised.
		default:
			return fmt.Errorf("log %d: %w", p.n, err)
		}
	}
	return nil
}

// promise says that every record so far was logged.
func (p *player) promise() error {
	p.say("all %d", p.n)
	return nil
}

// sync fails only where calls are made to fail.
func (p *player) sync() error {
	_, err := p.trySync()
	return err
}

func (p *player) trySync() (synced bool, err error) {
	err = p.c.Sync(context.Background())
	switch {
	case err == nil:
		p.say("synced %d", p.n)
		return true, nil
	case p.faults && errors.Is(err, ledger.ErrNotSynced):
		return false, p.shown()
	}
	return false, fmt.Errorf("sync: %w", err)
}

// shown checks that a fault which made a sync fail is counted, and that it is in Health
// unless it is over already.
func (p *player) shown() error {
	h, s := p.c.Health(), p.c.Stats()
	switch {
	case s.Disk.Writes+s.Disk.Syncs == 0:
		return errors.New("the fault is not in Stats")
	case h.Status != ledger.StatusFailing && s.Disk.Heals == 0:
		return fmt.Errorf("the fault is not in Health: %+v", h)
	}
	return nil
}

// flush waits for delivery, but not for what a broken disk delays.
func (p *player) flush() error {
	wait := time.Minute
	if p.faults {
		wait = 200 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if err := p.c.Flush(ctx); err != nil && !p.faults {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

func (p *player) close() error {
	err := p.c.Close()
	d := p.c.Stats().Disk
	p.met += d.Writes + d.Syncs
	if err != nil && !p.faults {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

func message(tag string, n int) string { return fmt.Sprintf("%s-%04d", tag, n) }

// configure is the configuration of a scenario, in the child and in the process that
// opens the directory after it.
func (s scenario) configure(dir, url string) ledger.Config {
	cfg := ledger.Config{
		Dir: dir, Endpoint: url, ServiceName: serviceName,
		// Nothing happens by itself: the calls of a scenario are the same in each run.
		FlushInterval: time.Hour, SyncEvery: time.Hour,
		RingBytes: 1 << 20, // the least
		MaxBytes:  1 << 20, // segments of 64 KiB
		Retry:     sender.Retry{Initial: 10 * time.Millisecond, Max: 50 * time.Millisecond},
	}
	if s.config != nil {
		s.config(&cfg)
	}
	return cfg
}
