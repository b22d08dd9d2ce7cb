package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"ledger-replay": main})
}

// leakChecked is goleak.VerifyTestMain for a TestMain that is somebody else's.
type leakChecked struct{ m *testing.M }

// Run implements [testscript.TestingM].
func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// TestScripts runs testdata/*.txtar, one behaviour of the program each. Their
// commands besides the usual ones:
//
//	ledger open DIR [segment=BYTES] [to=NAME,...]  make or open a ledger directory, and hold it
//	ledger resource k=v...                what is logged from now on is of this process
//	ledger log N [at=TIME] [level=N] [body=TEXT] [skipped=N] [lost=N] [noid] [k=v...]
//	ledger raw TEXT                       a record that is no record
//	ledger ack OFFSET | evict N | close
//	ledger settle FROM TO [to=NAME]       in its turn or not
//	ledger bury FROM [TO] [to=NAME] [reason=R] [status=N] [message=TEXT] [at=TIME] [early]
//	                                      make dead letters; early dies before the books say so
//	ledger forget FROM [TO]               give dead letters up
//	flip FILE AT                          damage one byte
//	server NAME ANSWER...                 a log server; its URL is in $NAME
//	requests NAME                         what it received goes to standard output
//	exits CODE PROGRAM ARG...             run it, and check its exit code and that no
//	                                      ledger directory changed in any way (R1)
//	changes CODE PROGRAM ARG...           run it, and check its exit code only
//	interrupted NAME PROGRAM ARG...       as exits, with an interrupt at the first
//	                                      request to that server
func TestScripts(t *testing.T) {
	t.Setenv("GOTMPDIR", form.Scratch(t)) // Where testscript puts its working directories.
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[worldKey{}] = newWorld()
			env.Setenv("GORACE", "atexit_sleep_ms=0") // Else each program sleeps a second at its end.
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ledger":      script((*world).ledger),
			"flip":        script((*world).flip),
			"server":      script((*world).server),
			"requests":    script((*world).requests),
			"exits":       script((*world).exits),
			"changes":     script((*world).changes),
			"interrupted": script((*world).interrupted),
		},
	})
}

// world is what one script has made.
type world struct {
	makers  []*maker // the last is the one that commands mean
	dirs    []string // of ledgers
	servers map[string]*logServer
	logged  int
}

type worldKey struct{}

func newWorld() *world { return &world{servers: map[string]*logServer{}} }

// script makes a method of world a command.
func script(f func(*world, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		w, ok := ts.Value(worldKey{}).(*world)
		if !ok || neg {
			ts.Fatalf("cannot be negated")
		}
		ts.Check(f(w, ts, args))
	}
}

func (w *world) server(ts *testscript.TestScript, args []string) error {
	c := newLogServer(args[1:]...)
	w.servers[args[0]] = c
	ts.Setenv(args[0], c.URL)
	ts.Defer(c.stop)
	return nil
}

func (w *world) requests(ts *testscript.TestScript, args []string) error {
	lines := "none\n"
	if all := w.servers[args[0]].requests(); len(all) > 0 {
		lines = ""
		for _, r := range all {
			lines += r.text() + "\n"
		}
	}
	_, err := io.WriteString(ts.Stdout(), lines)
	return err
}

// watched runs something and checks that it left every ledger directory alone.
func (w *world) watched(run func() error) error {
	before := map[string]map[string]string{}
	for _, dir := range w.dirs {
		var err error
		if before[dir], err = footprint(dir); err != nil {
			return err
		}
	}
	err := run()
	for _, dir := range w.dirs {
		after, footErr := footprint(dir)
		if diff := difference(before[dir], after); diff != "" {
			err = errors.Join(err, fmt.Errorf("R1: the directory changed:\n%s", diff))
		}
		err = errors.Join(err, footErr)
	}
	return err
}

func (w *world) exits(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return w.watched(func() error {
		return checkCode(ts.Exec(args[1], args[2:]...), want)
	})
}

func (w *world) changes(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return checkCode(ts.Exec(args[1], args[2:]...), want)
}

func (w *world) interrupted(ts *testscript.TestScript, args []string) error {
	path, err := exec.LookPath(args[1])
	if err != nil {
		return err
	}
	return w.watched(func() error {
		cmd := exec.Command(path, args[2:]...)
		cmd.Dir = ts.Getenv("WORK")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		<-w.servers[args[0]].arrived
		signalErr := cmd.Process.Signal(os.Interrupt)
		err := checkCode(cmd.Wait(), exitInterrupted)
		_, outErr := io.WriteString(ts.Stdout(), stdout.String())
		_, errErr := io.WriteString(ts.Stderr(), stderr.String())
		return errors.Join(err, signalErr, outErr, errErr)
	})
}

func checkCode(err error, want int) error {
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		return err
	}
	if got != want {
		return fmt.Errorf("exit code %d, not %d", got, want)
	}
	return nil
}
