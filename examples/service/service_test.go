package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a service in this process.
type running struct {
	url    string
	stop   func() error // returns what run returned
	client *http.Client
}

func start(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), in)
		_ = in.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	url, ok := "", false
	for !ok && lines.Scan() {
		url, ok = strings.CutPrefix(lines.Text(), "listening on ")
	}
	require.True(t, ok, "it does not listen: %s", lines.Text())
	drained := make(chan struct{})
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, out) }()
	r := running{url: url, client: &http.Client{Transport: &http.Transport{}}}
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ended
		<-drained
		r.client.CloseIdleConnections()
		return err
	}
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// get returns the whole answer: its status and header, with the body read.
func (r running) get(t *testing.T, path string) (status int, header http.Header, body string) {
	t.Helper()
	resp, err := r.client.Get(r.url + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header, string(b)
}

// sink is a log server that takes everything.
func sink(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestRoutesAnswer(t *testing.T) {
	for name, args := range map[string][]string{
		"logged":         {"-dir", t.TempDir(), "-endpoint", sink(t)},
		"logged, always": {"-dir", t.TempDir(), "-endpoint", sink(t), "-durability", "always"},
		"off":            {"-off"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, args...)
			for path, want := range map[string]int{
				"/orders/7": 200, "/orders/x": 400, "/orders/999999": 404, "/error": 500, "/nowhere": 404,
			} {
				status, _, _ := s.get(t, path)
				assert.Equal(t, want, status, path)
			}
			_, _, body := s.get(t, "/stream?events=3&every=1ms")
			assert.Equal(t, 3, strings.Count(body, "data: "))

			resp, err := s.client.Post(s.url+"/orders", "application/json", strings.NewReader(`{"item": "pot", "quantity": 2}`))
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, 201, resp.StatusCode)
			_, _, body = s.get(t, resp.Header.Get("Location"))
			assert.JSONEq(t, `{"id": 1001, "item": "pot", "quantity": 2}`, body)

			resp, err = s.client.Get(s.url + "/panic")
			if err == nil {
				resp.Body.Close()
			}
			require.Error(t, err, "the connection is dropped")
			s.get(t, "/orders/7") // and the process lives on
			require.NoError(t, s.stop())
		})
	}
}

func TestStatsCountTheRequestsAndNotTheLooks(t *testing.T) {
	s := start(t, "-dir", t.TempDir(), "-endpoint", sink(t))
	s.get(t, "/nowhere")
	s.get(t, "/nowhere")
	for range 2 {
		_, header, body := s.get(t, "/debug/ledger")
		assert.Equal(t, "no-store", header.Get("Cache-Control"))
		var stats struct{ Last, Synced *uint64 }
		require.NoError(t, json.Unmarshal([]byte(body), &stats))
		require.NotNil(t, stats.Last)
		require.NotNil(t, stats.Synced)
		assert.Equal(t, uint64(2), *stats.Last)
	}
}

func TestAStreamAndADeadServerDoNotHoldUpTheEnd(t *testing.T) {
	refusing := httptest.NewServer(nil)
	refusing.Close()
	s := start(t, "-dir", t.TempDir(), "-endpoint", refusing.URL)
	resp, err := s.client.Get(s.url + "/stream?events=1000&every=1m")
	require.NoError(t, err)
	defer resp.Body.Close()
	begin := time.Now()
	require.NoError(t, s.stop())
	assert.Less(t, time.Since(begin), 30*time.Second)
	_, err = io.ReadAll(resp.Body)
	assert.NoError(t, err, "the stream was ended, not cut off")
}

func TestFlagsThatAreWrongAreRefused(t *testing.T) {
	for name, args := range map[string][]string{
		"durability": {"-dir", t.TempDir(), "-durability", "sometimes"},
		"argument":   {"-off", "extra"},
		"flag":       {"-unknown"},
		"endpoint":   {"-dir", t.TempDir(), "-endpoint", "not a URL"},
		"address":    {"-off", "-addr", "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, run(t.Context(), args, io.Discard))
		})
	}
}
