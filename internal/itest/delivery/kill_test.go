package delivery

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// hurried is a configuration for real time and a real network.
func hurried(dir, url string) ledger.Config {
	return ledger.Config{
		Dir: dir, Endpoint: url, ServiceName: "shop", RingBytes: 1 << 20, MaxRecords: 1 << 20,
		DeadLetters: ledger.DeadLimits{Records: -1, Bytes: -1}, // A fast machine logs more than 10,000 poisoned ones.
		FlushSize:   20, FlushInterval: 5 * time.Millisecond, SyncEvery: 5 * time.Millisecond,
		Retry:     sender.Retry{Initial: time.Millisecond, Max: 5 * time.Millisecond},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	}
}

// child logs without end and prints each message that is safe.
func child() error {
	c, err := ledger.Open(hurried(os.Getenv("LEDGER_DELIVERY_DIR"), os.Getenv("LEDGER_DELIVERY_URL")))
	if err != nil {
		return err
	}
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for i := 0; ; i++ {
		msg := fmt.Sprintf("%s-%d", os.Getenv("LEDGER_DELIVERY_LIFE"), i)
		if i%50 == 7 {
			msg += " poison"
		}
		if err := c.Log(context.Background(), ledger.Record{Message: msg}); err != nil {
			return err
		}
		fmt.Println(msg)
		if i%20 == 0 {
			<-pace.C
		}
	}
}

// loopback is the server of this package behind a real port. Poison is refused for ever,
// and while it is moody it does anything else too.
type loopback struct {
	*httptest.Server
	mu    sync.Mutex
	moody bool
	n     int
	took  map[string]int
	wrong []string
	bytes map[string]string
}

func newLoopback(t *testing.T) *loopback {
	t.Helper()
	s := &loopback{moody: true, took: map[string]int{}, bytes: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := logserver.Body(r)
	records, splitErr := split(body)
	if err != nil || splitErr != nil {
		return // Its process was killed.
	}
	s.mu.Lock()
	mood := rand.New(rand.NewPCG(7, uint64(s.n))).IntN(12)
	if s.n++; !s.moody {
		mood = 11
	}
	poisoned := slices.ContainsFunc(records, func(r record) bool { return r.message[len(r.message)-1] == 'n' })
	for _, r := range records {
		if was, ok := s.bytes[r.message]; ok && was != r.bytes {
			s.wrong = append(s.wrong, r.message)
		}
		s.bytes[r.message] = r.bytes
		if mood == 0 || mood > 3 && !poisoned { // 0 keeps them and does not say so.
			s.took[r.message]++
		}
	}
	s.mu.Unlock()
	switch {
	case mood <= 1:
		panic(http.ErrAbortHandler)
	case mood <= 3:
		w.WriteHeader([]int{503, 500}[mood-2])
	case poisoned:
		http.Error(w, "a field is not as it should be", http.StatusBadRequest)
	}
}

// A process is killed again and again while the server refuses, resets and accepts. What
// it was promised arrives, or is a dead letter (W3, S1, L2).
func TestKillsWhileTheServerIsMoody_W3_S1_S2_L2(t *testing.T) {
	kills := 12
	if form.Long() {
		kills = 200
	}
	srv := newLoopback(t)
	dir := filepath.Join(form.Scratch(t), "ledger")
	chance := rand.New(rand.NewPCG(form.Seed(t), 0))
	promised := map[string]bool{}
	for life := range kills {
		for _, msg := range killed(t, dir, srv.URL, life, time.Duration(chance.IntN(300))*time.Millisecond) {
			promised[msg] = true
		}
	}
	srv.mu.Lock()
	srv.moody = false
	srv.mu.Unlock()
	c := open(t, hurried(dir, srv.URL))
	balanced(t, c, "after the kills")
	reasons(t, c, "after the kills")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, c.Flush(ctx))
	s := balanced(t, c, "in the end")
	reasons(t, c, "in the end")
	assert.Zero(t, s.Pending+s.Evicted+s.Lost)
	all, err := c.DeadLetters(0)
	require.NoError(t, err)
	assert.Len(t, all, int(s.Dead))
	dead := map[string]bool{}
	for _, l := range all {
		r, err := decode(l.Record)
		require.NoError(t, err)
		assert.False(t, dead[r.message], "one letter each: %s", r.message)
		dead[r.message] = true
	}
	missing, poisoned := 0, 0
	srv.mu.Lock()
	for msg := range promised {
		if srv.took[msg] == 0 && !dead[msg] {
			missing++
		}
		if msg[len(msg)-1] == 'n' {
			poisoned++
			assert.True(t, dead[msg], msg)
		}
	}
	assert.Empty(t, srv.wrong, "S2")
	srv.mu.Unlock()
	assert.Zero(t, missing, "of %d", len(promised))
	require.NoError(t, c.Close())
	t.Attr("delivery", fmt.Sprintf("SIGKILL while the server refuses and resets | %d kills, %d records promised, %d of them poisoned: none lost, one letter for each poisoned one", kills, len(promised), poisoned))
}

// killed runs the child for a while, kills it and returns what it printed.
func killed(t *testing.T, dir, url string, life int, after time.Duration) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1", "LEDGER_DELIVERY_DIR="+dir, "LEDGER_DELIVERY_URL="+url, fmt.Sprintf("LEDGER_DELIVERY_LIFE=life-%d", life))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "it came up")
	got := []string{lines.Text()}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	_ = cmd.Wait()
	return got
}
