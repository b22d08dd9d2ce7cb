package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// plan is what the command line asks for.
type plan struct {
	modules  []string // directories, in the order in which they are tested
	noRace   []string // those of them that are tested without the race detector
	parallel int      // packages built or tested at once
	faults   bool     // also name the faults that no test told of
	goFlags  []string // handed to go test as they are
}

func parsePlan(args []string, stderr io.Writer) (plan, error) {
	var p plan
	if i := slices.Index(args, "--"); i >= 0 {
		args, p.goFlags = args[:i], args[i+1:]
	}
	flags := flag.NewFlagSet("testall", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&p.parallel, "p", 2, "packages built or tested at once")
	flags.BoolVar(&p.faults, "faults", false, "name every fault of docs/durability.md, shown or not")
	noRace := flags.String("norace", "", "modules, separated by commas, to test without the race detector")
	if err := flags.Parse(args); err != nil {
		return plan{}, err
	}
	p.modules = flags.Args()
	for m := range strings.SplitSeq(*noRace, ",") {
		p.noRace = append(p.noRace, filepath.Clean(m))
	}
	return p, nil
}

// command is the go test command for packages of one module, all of them if none is
// named.
func (p plan) command(module string, race bool, packages ...string) []string {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	args := []string{"test", "-json", "-count=1", "-shuffle=on", "-p", strconv.Itoa(p.parallel)}
	if race && !slices.Contains(p.noRace, filepath.Clean(module)) {
		args = append(args, "-race")
	}
	return append(append(args, p.goFlags...), packages...)
}

func run(args []string, stdout, stderr io.Writer) int {
	p, err := parsePlan(args, stderr)
	if err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	start := time.Now()
	race, why := raceDetector(ctx)
	fmt.Fprintln(stdout, "race detector:", why)
	r := newReporter(stdout)
	for _, module := range p.modules {
		fmt.Fprintf(stdout, "\n== %s\n", module)
		err := test(ctx, module, p.command(module, race), r, stderr)
		if again := r.takeCrashed(); len(again) > 0 {
			fmt.Fprintf(stdout, "the race detector itself crashed, which says nothing about the code: once more %s\n", strings.Join(again, " "))
			err = test(ctx, module, p.command(module, race, again...), r, stderr)
		}
		r.endModule(module, err)
	}
	return r.close(time.Since(start), p.faults)
}

// test runs go test in a module and feeds its events to r.
func test(ctx context.Context, module string, args []string, r *reporter, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = module, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadBytes('\n')
		r.line(line)
		if err != nil {
			break // the command's exit code says whether this was a good end
		}
	}
	return cmd.Wait()
}

// raceDetector builds what -race needs, the surest way to know whether it can be used:
// cgo may be off, the C compiler or its headers missing, the platform unsupported.
func raceDetector(ctx context.Context) (usable bool, why string) {
	out, err := exec.CommandContext(ctx, "go", "build", "-race", "runtime/race", "runtime/cgo").CombinedOutput()
	if err == nil {
		return true, "on"
	}
	reason := strings.TrimSpace(string(out))
	if reason == "" {
		reason = err.Error()
	}
	lines := strings.Split(reason, "\n")
	return false, "off, is there a C compiler? " + lines[len(lines)-1]
}
