package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// A process is a server in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	http *http.Client

	mu    sync.Mutex
	lines []string      // of its stderr
	ended chan struct{} // closed when its stderr has ended
}

// startProcess starts a server on the database and waits until it listens. It is
// killed at the end of the test if it still runs.
func startProcess(t *testing.T, db string, args ...string) *process {
	t.Helper()
	p := &process{
		t:     t,
		cmd:   exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0", "-db", db}, args...)...),
		http:  &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second},
		ended: make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)

	listening := make(chan string, 1)
	go p.read(stderr, listening)
	select {
	case p.base = <-listening:
	case <-p.ended:
		t.Fatalf("the server ended: %s", p.log())
	case <-time.After(30 * time.Second):
		t.Fatalf("the server does not listen: %s", p.log())
	}
	return p
}

func (p *process) read(stderr io.Reader, listening chan<- string) {
	defer close(p.ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if base, ok := strings.CutPrefix(lines.Text(), "ledger-server: listening on "); ok {
			listening <- base
		}
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.mu.Unlock()
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// kill ends the process as a crash would (SIGKILL).
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.wait()
}

// wait waits for the end of the process and returns its exit code.
func (p *process) wait() int {
	<-p.ended
	_ = p.cmd.Wait()
	p.http.CloseIdleConnections()
	return p.cmd.ProcessState.ExitCode()
}

// post sends records with these IDs and returns the answer's status, or 0 if
// there was none.
func (p *process) post(ids ...string) (status int, header http.Header) {
	r, err := http.NewRequest(http.MethodPost, p.base+"/v1/logs", bytes.NewReader(batch(p.t, ids...)))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "gzip")
	resp, err := p.http.Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, resp.Header
}

// status asks for a path and returns the status.
func (p *process) status(path string) int {
	resp, err := p.http.Get(p.base + path)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func (p *process) get(path string, v any) {
	p.t.Helper()
	resp, err := p.http.Get(p.base + path)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	require.Equal(p.t, http.StatusOK, resp.StatusCode, path)
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(v))
}

// stored returns how often each record was sent again, by ID.
func (p *process) stored() map[string]int {
	p.t.Helper()
	out := map[string]int{}
	for path := "/api/v1/logs?limit=1000"; ; {
		var page struct {
			Logs []struct {
				ID      string
				Resends int
			}
			NextCursor *string `json:"next_cursor"`
		}
		p.get(path, &page)
		for _, l := range page.Logs {
			out[l.ID] = l.Resends
		}
		if page.NextCursor == nil {
			return out
		}
		path = "/api/v1/logs?limit=1000&cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

func batch(t testing.TB, ids ...string) []byte {
	t.Helper()
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, id := range ids {
		lr := records.AppendEmpty()
		lr.SetTimestamp(1_752_143_999_000_000_000)
		lr.Body().SetStr("record " + id)
		lr.Attributes().PutStr("ledger.log_id", id)
	}
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(body)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func batchIDs(name string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%d", name, i)
	}
	return ids
}

// Acknowledged are the IDs of records that were answered with 200.
type acknowledged struct {
	mu  sync.Mutex
	ids []string
	n   int // batches
}

func (a *acknowledged) add(ids []string) (batches int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = append(a.ids, ids...)
	a.n++
	return a.n
}

// load posts batches from several senders at once until the server no longer
// answers, and calls after with the number of batches answered so far.
func (p *process) load(name string, acks *acknowledged, after func(batches int)) {
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				ids := batchIDs(fmt.Sprintf("%s-%d-%d", name, sender, n), 50)
				status, _ := p.post(ids...)
				if status != http.StatusOK {
					return
				}
				after(acks.add(ids))
			}
		})
	}
	wg.Wait()
}
