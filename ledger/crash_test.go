//go:build unix

package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// childEnv names what a re-executed test binary does instead of testing.
const childEnv = "LEDGER_TEST_CHILD"

func child() int {
	var err error
	switch os.Getenv(childEnv) {
	case "log":
		err = childLogs()
	case "full disk":
		err = childFillsDisk()
	default:
		err = errors.New("unknown child")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func childConfig() ledger.Config {
	c := ledger.Config{Dir: os.Getenv("LEDGER_TEST_DIR"), Endpoint: os.Getenv("LEDGER_TEST_URL"), FlushInterval: 20 * time.Millisecond}
	if err := c.Durability.UnmarshalText([]byte(os.Getenv("LEDGER_TEST_DURABILITY"))); err != nil {
		panic(err)
	}
	c.MaxRecords = 1 << 20
	return c
}

// childLogs logs until it is killed and prints each message once it is promised:
// "logged" after Log returned, "synced" after Sync did. Under SyncAlways the two
// are one.
func childLogs() error {
	c, err := ledger.Open(childConfig())
	if err != nil {
		return err
	}
	prefix := os.Getenv("LEDGER_TEST_PREFIX")
	promise := os.Getenv("LEDGER_TEST_PROMISE")
	var out sync.Mutex
	var loggers sync.WaitGroup
	for g := range 4 {
		loggers.Go(func() {
			for i := 0; ; i++ {
				var lines strings.Builder
				for n := range 10 {
					msg := fmt.Sprintf("%s-%d-%d-%d", prefix, g, i, n)
					if c.Log(context.Background(), ledger.Record{Message: msg}) != nil {
						return
					}
					fmt.Fprintln(&lines, msg)
				}
				if promise == "synced" && c.Sync(context.Background()) != nil {
					return
				}
				out.Lock()
				_, _ = os.Stdout.WriteString(lines.String())
				out.Unlock()
			}
		})
	}
	loggers.Wait()
	return nil
}

// Whatever a process was promised that was killed at any moment arrives (W3).
func TestKillLosesNothingThatWasPromised_W3(t *testing.T) {
	kills := 20
	if os.Getenv("LEDGER_CRASH") == "long" {
		kills = 200
	}
	for _, mode := range []struct{ durability, promise string }{
		{"interval", "synced"}, {"interval", "logged"}, {"always", "logged"}, {"never", "logged"},
	} {
		t.Run(mode.promise+" with "+mode.durability, func(t *testing.T) {
			srv := newCollector(t)
			dir := filepath.Join(t.TempDir(), "ledger")
			promised := map[string]bool{}
			for i := range kills / 4 {
				srv.answer([]int{0, 503, 500}[i%3])
				for _, msg := range killedChild(t, dir, srv.URL, mode.durability, mode.promise, fmt.Sprint(i)) {
					promised[msg] = true
				}
			}
			require.Greater(t, len(promised), kills)

			srv.answer(0)
			c := open(t, ledger.Config{Dir: dir, Endpoint: srv.URL, MaxRecords: 1 << 20})
			require.NoError(t, c.Flush(within(t)))
			arrived := srv.unique(t)
			missing := 0
			for msg := range promised {
				if arrived[msg] == 0 {
					missing++
				}
			}
			assert.Zero(t, missing, "of %d records that were promised", len(promised))
			s := balance(t, c)
			assert.Zero(t, s.Lost)
			assert.Zero(t, s.Evicted)
			assert.Zero(t, s.Pending)
			t.Logf("%d kills, %d records promised, %d missing", kills/4, len(promised), missing)
		})
	}
}

// killedChild runs a child for a random while, kills it, and returns what it printed.
func killedChild(t *testing.T, dir, url, durability, promise, prefix string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=log", "LEDGER_TEST_DIR="+dir, "LEDGER_TEST_URL="+url,
		"LEDGER_TEST_DURABILITY="+durability, "LEDGER_TEST_PROMISE="+promise, "LEDGER_TEST_PREFIX="+prefix)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the child came up")
	got := []string{lines.Text()}
	timer := time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	_ = cmd.Wait()
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "it did not end by itself")
	return got
}

func TestFullDiskIsNotFeltAndHeals_L1_W6(t *testing.T) {
	srv := newCollector(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=full disk", "LEDGER_TEST_DIR="+filepath.Join(t.TempDir(), "l"),
		"LEDGER_TEST_URL="+srv.URL, "LEDGER_TEST_DURABILITY=interval")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Len(t, srv.unique(t), 2100)
}

// childFillsDisk makes every write fail for a while by a limit on file sizes.
func childFillsDisk() error {
	c, err := ledger.Open(childConfig())
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	logged := 0
	log := func(n int) error {
		for range n {
			logged++
			if err := c.Log(ctx, ledger.Record{Message: message(logged)}); err != nil {
				return fmt.Errorf("log %d: %w", logged, err)
			}
		}
		return nil
	}
	if err := errors.Join(log(100), c.Sync(ctx)); err != nil {
		return err
	}
	if err := limitFileSize(1); err != nil {
		return err
	}
	if err := log(2000); err != nil {
		return err
	}
	if err := c.Sync(ctx); !errors.Is(err, ledger.ErrNotSynced) {
		return fmt.Errorf("sync on a full disk: %w", err)
	}
	if h := c.Health(); h.Status != ledger.StatusFailing {
		return fmt.Errorf("health on a full disk: %+v", h)
	}
	s := c.Stats()
	if s.Accepted != 2100 || s.Evicted+s.Lost != 0 || s.Accepted != s.Delivered+s.Pending {
		return fmt.Errorf("stats on a full disk: %+v", s)
	}
	if err := limitFileSize(1 << 40); err != nil {
		return err
	}
	tries := 0
	for c.Sync(ctx) != nil && ctx.Err() == nil {
		tries++ // The client spaces its attempts to heal; each Sync waits for a pass.
	}
	if err := c.Flush(ctx); err != nil {
		return err
	}
	if s := c.Stats(); s.Delivered != 2100 || s.Disk.Heals == 0 {
		return fmt.Errorf("stats at the end: %+v", s)
	}
	return nil
}

func limitFileSize(n uint64) error {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
		return err
	}
	lim.Cur = min(n, lim.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lim)
}
