package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestRestartContinuesWhereItWas_W1_W2_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 50)
	require.NoError(t, c.Flush(within(t)))
	srv.answer(http.StatusServiceUnavailable)
	logN(t, c, 51, 80)
	require.NoError(t, c.Close())
	before := balance(t, c)
	assert.Equal(t, uint64(30), before.Pending)

	srv.awaitGone(t)
	srv.answer(0)
	c = open(t, cfg)
	assert.Equal(t, before.Accepted, c.Stats().Accepted, "numbering goes on (W1)")
	logN(t, c, 81, 90)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 90), sorted(srv), "nothing twice after a clean end, nothing missing")
	s := balance(t, c)
	assert.Equal(t, uint64(90), s.Delivered)
}

func TestLostStateIsSetAsideAndCostsOnlyDuplicates_W7(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 20)
	require.NoError(t, c.Flush(within(t)))
	srv.answer(http.StatusServiceUnavailable)
	logN(t, c, 21, 30)
	require.NoError(t, c.Close())
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "state.db"), []byte("garbage"), 0o600))

	srv.answer(0)
	c = open(t, cfg)
	require.NoError(t, c.Flush(within(t)))
	assert.Len(t, srv.unique(t), 30)
	assert.Equal(t, "shop", srv.all()[len(srv.all())-1].resource["service.name"])
	balance(t, c)
	assert.Equal(t, ledger.StatusDegraded, c.Health().Status)
	found, err := filepath.Glob(filepath.Join(cfg.Dir, "quarantine", "state.db*"))
	require.NoError(t, err)
	assert.Len(t, found, 1)
}

func TestRecordKeepsTheResourceOfTheProcessThatLoggedIt(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.ServiceVersion = "1"
	c := open(t, cfg)
	logN(t, c, 1, 5)
	require.NoError(t, c.Close())
	cfg.ServiceVersion = "2"
	srv.awaitGone(t)
	srv.answer(0)
	c = open(t, cfg)
	logN(t, c, 6, 10)
	require.NoError(t, c.Flush(within(t)))
	for i, a := range srv.all() {
		assert.Equal(t, []string{"1", "2"}[i/5], a.resource["service.version"], a.body)
	}
	assert.Len(t, srv.all(), 10)
}

func TestSecondOpenOfADirectoryIsRefusedByName_W8(t *testing.T) {
	cfg := config(t, newCollector(t).URL)
	open(t, cfg)
	_, err := ledger.Open(cfg)
	require.ErrorIs(t, err, ledger.ErrLocked)
	assert.ErrorContains(t, err, cfg.Dir)
	assert.ErrorContains(t, err, fmt.Sprint(os.Getpid()))
}

func TestOpenNeverTouchesTheNetwork(t *testing.T) {
	cfg := config(t, "http://127.0.0.1:1")
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("no network here")
	})}
	c := open(t, cfg)
	logN(t, c, 1, 3)
	require.NoError(t, c.Sync(within(t)))
	assert.Equal(t, uint64(3), balance(t, c).Pending)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that takes a request and never answers must not be felt by those who log.
func TestLogNeverWaitsForTheNetwork_L1(t *testing.T) {
	release := make(chan struct{})
	cfg := config(t, "http://127.0.0.1:1")
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return nil, errors.New("hung")
	})}
	c := open(t, cfg)
	for i := range 20_000 {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
	assert.Equal(t, uint64(20_000), balance(t, c).Accepted)
	close(release)
}

func TestBeforeSendHasTheLastWord(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.BeforeSend = func(_ context.Context, r *ledger.Record) bool {
		switch r.Message {
		case "drop":
			return false
		case "panic":
			r.Message = "half changed"
			panic("broken hook")
		case "change":
			r.Message = "changed"
		}
		return true
	}
	c := open(t, cfg)
	for _, m := range []string{"keep", "drop", "change", "panic"} {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: m}))
	}
	require.NoError(t, c.Flush(within(t)))
	assert.ElementsMatch(t, []string{"keep", "changed", "panic"}, srv.bodies())
	s := balance(t, c)
	assert.Equal(t, uint64(1), s.Dropped)
	assert.Equal(t, uint64(1), s.HookPanics)
}

func TestSecretsAreNeverStoredNorPrinted(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusUnauthorized)
	var diagnostics syncBuffer
	cfg := config(t, srv.URL)
	cfg.APIKey, cfg.Headers = "ledger_topsecret", map[string]string{"X-Token": "othersecret"}
	cfg.Logger = slog.New(slog.NewTextHandler(&diagnostics, nil))
	c := open(t, cfg)
	logN(t, c, 1, 3)
	require.Eventually(t, func() bool { return c.Health().Status == ledger.StatusFailing }, patience, time.Millisecond)
	h, err := json.Marshal(c.Health())
	require.NoError(t, err)
	s, err := json.Marshal(c.Stats())
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v %s %s %s", cfg, cfg, cfg, h, s, diagnostics.String())
	require.NoError(t, c.Close())
	assert.NotContains(t, printed, "secret")
	require.NoError(t, filepath.WalkDir(cfg.Dir, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, "%s is the owner's alone", path)
		if d.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.False(t, bytes.Contains(raw, []byte("secret")), path)
		return nil
	}))
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
