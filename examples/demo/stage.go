package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

// apiKey is that of a server which listens on the loopback interface for one demo.
const apiKey = "demo"

const (
	buildTime = 15 * time.Minute // a first build downloads the modules
	readyTime = 30 * time.Second
	stopTime  = 15 * time.Second
)

// stage holds the programs and processes of one demo.
type stage struct {
	dir                   string // everything temporary
	out                   io.Writer
	serverBin, serviceBin string
	serverAddr            string
	serviceAddr           string
	twinAddr              string

	server, service, twin *harness.Process
}

// newStage builds both programs.
func newStage(ctx context.Context, out io.Writer) (_ *stage, err error) {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	root, err := harness.Root(ctx)
	if err != nil {
		return nil, err
	}
	s := &stage{out: out}
	if s.dir, err = os.MkdirTemp("", "ledger-demo-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	s.say("building the service and the server (the first time takes a few minutes)")
	if s.serviceBin, err = harness.Build(ctx, root, "./examples/service", filepath.Join(s.dir, "service")); err != nil {
		return nil, err
	}
	if s.serverBin, err = harness.Build(ctx, filepath.Join(root, "cmd", "ledger-server"), ".", filepath.Join(s.dir, "ledger-server")); err != nil {
		return nil, err
	}
	if s.serverAddr, err = harness.FreeAddr(); err != nil {
		return nil, err
	}
	if s.serviceAddr, err = harness.FreeAddr(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *stage) serverURL() string  { return "http://" + s.serverAddr }
func (s *stage) serviceURL() string { return "http://" + s.serviceAddr }
func (s *stage) twinURL() string    { return "http://" + s.twinAddr }

// startServer starts the log server on the same store and port each time, and waits
// until it answers.
func (s *stage) startServer(ctx context.Context) (err error) {
	s.server, err = harness.Start("ledger-server", s.serverBin,
		"-addr", s.serverAddr, "-db", filepath.Join(s.dir, "server.db"), "-api-key", apiKey)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	st := newStore(s.serverURL())
	defer st.close()
	if err := st.wait(ctx, s.server.Done()); err != nil {
		return fmt.Errorf("%w; its output:\n%s", err, s.server.Output())
	}
	return nil
}

// startService starts the service, on the same port each time.
func (s *stage) startService(ctx context.Context) (err error) {
	s.service, s.serviceAddr, err = s.start(ctx, "service", "-addr", s.serviceAddr, "-dir", filepath.Join(s.dir, "ledger"),
		"-endpoint", s.serverURL(), "-api-key", apiKey, "-service-version", "demo")
	return err
}

// startTwin starts the service without logging.
func (s *stage) startTwin(ctx context.Context) (err error) {
	s.twin, s.twinAddr, err = s.start(ctx, "twin", "-addr", "127.0.0.1:0", "-off")
	return err
}

func (s *stage) start(ctx context.Context, name string, args ...string) (*harness.Process, string, error) {
	p, err := harness.Start(name, s.serviceBin, args...)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	addr, err := p.WaitLine(ctx, "listening on http://")
	if err != nil {
		return nil, "", errors.Join(err, p.Kill())
	}
	return p, addr, nil
}

// close ends what runs and removes what was written.
func (s *stage) close() error {
	var errs []error
	for _, p := range []*harness.Process{s.service, s.twin, s.server} {
		if p == nil {
			continue
		}
		select {
		case <-p.Done(): // by itself, or by the Ctrl-C that the terminal sent to all
		default:
			errs = append(errs, p.Stop(stopTime))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
