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

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
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
	case "full ring":
		err = childFillsRing()
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
	c.MaxRecords, c.MaxBytes = 1<<24, 8<<30 // More than a child can log.
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
	if form.Long() {
		kills = 200
	}
	all := 0
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
			c := open(t, ledger.Config{Dir: dir, Endpoint: srv.URL, MaxRecords: 1 << 24, MaxBytes: 8 << 30})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // Half a million records, on a busy machine.
			defer cancel()
			require.NoError(t, c.Flush(ctx))
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
			all += len(promised)
		})
	}
	form.Fault(t, "SIGKILL at any moment", "%d kills, each of %d promised records delivered", kills, all)
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

// A full disk is not felt by those who log, does not stop delivery, and heals.
func TestFullDiskIsNotFeltAndHeals_L1_L2_W6(t *testing.T) {
	srv := newCollector(t)
	srv.answer(503)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=full disk", "LEDGER_TEST_DIR="+filepath.Join(t.TempDir(), "l"),
		"LEDGER_TEST_URL="+srv.URL, "LEDGER_TEST_DURABILITY=interval")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch lines.Text() {
		case "full":
			srv.answer(0)
		case "delivered":
			assert.Len(t, srv.unique(t), 2100, "from memory, while the disk takes nothing")
		}
	}
	require.NoError(t, cmd.Wait())
	assert.Len(t, srv.unique(t), 2200)
	form.Fault(t, "disk full", "RLIMIT_FSIZE: each of 2200 records delivered, 2000 of them from memory")
}

// childFillsDisk makes every write fail for a while by a limit on file sizes.
func childFillsDisk() error {
	c, err := ledger.Open(childConfig())
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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
	fmt.Println("full")
	for c.Stats().Delivered < 2100 && ctx.Err() == nil {
		short, done := context.WithTimeout(ctx, 100*time.Millisecond)
		_ = c.Flush(short) // The acks cannot be stored, so it does not end; it wakes the sender.
		done()
	}
	fmt.Println("delivered")
	if s := c.Stats(); s.Delivered != 2100 || s.Pending != 0 || s.Acked > s.Synced {
		return fmt.Errorf("stats on a full disk, after delivery: %+v", s)
	}
	if err := c.Sync(ctx); err != nil {
		return fmt.Errorf("sync of what a server has: %w", err)
	}
	if err := log(100); err != nil {
		return err
	}
	if err := limitFileSize(1 << 40); err != nil {
		return err
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for (c.Stats().Disk.Heals == 0 || c.Health().Status == ledger.StatusFailing) && ctx.Err() == nil {
		<-poll.C // The client spaces its attempts to heal.
	}
	if err := c.Flush(ctx); err != nil {
		return err
	}
	if s := c.Stats(); s.Delivered != 2200 || s.Disk.Heals == 0 {
		return fmt.Errorf("stats at the end: %+v", s)
	}
	return nil
}

// With a full disk and no server the ring holds what it can. The rest is evicted, and
// counted as that before and after a kill.
func TestKillOnAFullDiskKeepsWhatTheRingHolds_W3_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(503)
	dir := filepath.Join(t.TempDir(), "l")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=full ring", "LEDGER_TEST_DIR="+dir,
		"LEDGER_TEST_URL="+srv.URL, "LEDGER_TEST_DURABILITY=interval")
	cmd.Stderr = os.Stderr
	out, _ := cmd.Output()
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	var accepted, evicted uint64
	_, err := fmt.Sscan(string(out), &accepted, &evicted)
	require.NoError(t, err, "%s", out)
	require.NotZero(t, evicted)
	require.Less(t, evicted, accepted)

	srv.answer(0)
	c := open(t, ledger.Config{Dir: dir, Endpoint: srv.URL, MaxRecords: 1 << 20})
	require.NoError(t, c.Flush(within(t)))
	s := balance(t, c)
	assert.Equal(t, accepted, s.Accepted, "W1")
	assert.Equal(t, evicted, s.Evicted, "%+v", s)
	assert.Zero(t, s.Lost)
	assert.Len(t, srv.unique(t), int(accepted-evicted))
}

func childFillsRing() error {
	cfg := childConfig()
	cfg.RingBytes = 1 << 20
	c, err := ledger.Open(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text := strings.Repeat("x", 500)
	logged := 0
	log := func(n int) {
		for range n {
			logged++
			_ = c.Log(ctx, ledger.Record{Message: message(logged) + text})
		}
	}
	log(100)
	if err := errors.Join(c.Sync(ctx), limitFileSize(1)); err != nil {
		return err
	}
	for range 50 {
		log(200) // Less than the ring holds, so that what it gives up has been taken.
		if err := c.Sync(ctx); !errors.Is(err, ledger.ErrNotSynced) {
			return fmt.Errorf("sync on a full disk: %w", err)
		}
	}
	s := c.Stats()
	fmt.Println(s.Accepted, s.Evicted)
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func limitFileSize(n uint64) error {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
		return err
	}
	lim.Cur = min(n, lim.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lim)
}
