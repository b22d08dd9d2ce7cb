package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// child is this test program in a process of its own, playing a part on a directory.
// It ends when its input does, or with the test.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	err *strings.Builder
}

// part starts a child.
func part(t *testing.T, name, dir string, b *book) *child {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	c := &child{cmd: exec.CommandContext(ctx, os.Args[0]), err: &strings.Builder{}}
	c.cmd.Env = append(os.Environ(), childEnv+"="+name, "LEDGER_FAULT_DIR="+dir, "LEDGER_FAULT_URL="+b.url)
	c.cmd.Stderr = c.err
	var err error
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewScanner(out)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = c.cmd.Wait()
	})
	return c
}

// line waits for the next line that the child prints.
func (c *child) line(t *testing.T) string {
	t.Helper()
	require.True(t, c.out.Scan(), "the child said nothing: %s", c.err)
	return c.out.Text()
}

// tell sends the child a line and returns what it answers.
func (c *child) tell(t *testing.T, what string) string {
	t.Helper()
	_, err := fmt.Fprintln(c.in, what)
	require.NoError(t, err, "%s", c.err)
	return c.line(t)
}

// end closes the child's input and waits for it.
func (c *child) end(t *testing.T) {
	t.Helper()
	require.NoError(t, c.in.Close())
	for c.out.Scan() { // Wait closes the pipe under a reader.
		continue
	}
	require.NoError(t, c.cmd.Wait(), "%s", c.err)
}

// play is the other side of part.
func play(name string) error {
	b := &book{url: os.Getenv("LEDGER_FAULT_URL"), client: &http.Client{}}
	cfg := config(os.Getenv("LEDGER_FAULT_DIR"), b)
	if name == "unprivileged" {
		if err := dropRoot(); err != nil {
			return err
		}
	}
	if name == "load" { // A log that is walked through in a moment, and loses segments.
		cfg.MaxBytes, cfg.KeepAcked.Bytes = 16<<20, 2<<20
	}
	c, err := ledger.Open(cfg)
	if err != nil {
		fmt.Println(strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil
	}
	switch name {
	case "hold", "unprivileged":
		fmt.Println("open")
		return errors.Join(obey(c), c.Close())
	case "load":
		return keepLogging(c)
	}
	return fmt.Errorf("no part %q", name)
}

// obey carries out the commands on standard input, one a line, and answers each.
func obey(c *ledger.Client) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var from, to int
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		answer := error(nil)
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "log":
			_, answer = fmt.Sscan(rest, &from, &to)
			for i := from; i <= to && answer == nil; i++ {
				answer = c.Log(ctx, ledger.Record{Message: message(i)})
			}
		case "sync":
			answer = c.Sync(ctx)
		case "flush":
			answer = c.Flush(ctx)
		case "limit":
			var size uint64
			_, answer = fmt.Sscan(rest, &size)
			answer = errors.Join(answer, limitFileSize(size))
		case "stats":
			s := c.Stats()
			_, err := fmt.Printf("%d %d %d %d %d %q\n", s.Accepted, s.Delivered, s.Pending, s.Evicted, s.Lost, c.Health().Reasons)
			cancel()
			if err != nil {
				return err
			}
			continue
		}
		cancel()
		fmt.Println(strings.ReplaceAll(fmt.Sprint(answer), "\n", "; "))
	}
	return lines.Err()
}

// keepLogging logs some 20,000 records a second until the process is killed and says
// how far it is.
func keepLogging(c *ledger.Client) error {
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for i := 1; ; i++ {
		if err := c.Log(context.Background(), ledger.Record{Message: message(i)}); err != nil {
			return err
		}
		if i%100 == 0 {
			fmt.Println(i)
			<-pace.C
		}
	}
}
