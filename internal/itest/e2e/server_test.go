package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

// server is the Collector as the tests see it.
type server struct {
	t        *testing.T
	addr     string
	file     string
	failures int // answers to lose at the next start
	limit    int // most bytes of a request, from the next start on; 0 is the Collector's own
	kills    int // each may have cut off a line
	proc     *harness.Process
}

// newServer prepares a Collector that is not started yet.
func newServer(t *testing.T) *server {
	t.Helper()
	return &server{t: t, addr: freeAddr(t), file: filepath.Join(t.TempDir(), "journal")}
}

func (s *server) endpoint() string { return "http://" + s.addr }

func (s *server) start() {
	s.t.Helper()
	s.proc = child(s.t, "collector", s.addr, s.file, strconv.Itoa(s.failures), strconv.Itoa(s.limit))
	s.failures = 0
	_, err := s.proc.WaitLine(within(s.t, 30*time.Second), ready)
	require.NoError(s.t, err)
}

func (s *server) stop() {
	s.t.Helper()
	require.NoError(s.t, s.proc.Stop(15*time.Second))
}

func (s *server) kill() {
	s.t.Helper()
	s.kills++
	require.NoError(s.t, s.proc.Kill())
}

// records returns what arrived so far, in the order of arrival, copies included.
func (s *server) records() []received {
	s.t.Helper()
	f, err := os.Open(s.file)
	require.NoError(s.t, err)
	defer f.Close()
	var all []received
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	torn := 0
	for lines.Scan() {
		var r received
		if len(lines.Bytes()) == 0 {
			continue
		}
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			torn++
			continue
		}
		all = append(all, r)
	}
	require.NoError(s.t, lines.Err())
	require.LessOrEqual(s.t, torn, s.kills, "lines that cannot be read")
	return all
}

// requests counts, for every request id, the different records of a request with it. A
// copy of a record is the same record; what the service logged meanwhile has the id as
// well, but no status.
func requests(all []received) map[string]int {
	ids := map[string]map[string]bool{}
	for _, r := range all {
		if _, answered := r.Attrs["http.response.status_code"]; r.RequestID == "" || !answered {
			continue
		}
		if ids[r.RequestID] == nil {
			ids[r.RequestID] = map[string]bool{}
		}
		ids[r.RequestID][r.ID] = true
	}
	n := map[string]int{}
	for rid, set := range ids {
		n[rid] = len(set)
	}
	return n
}

// distinct returns the first copy of every record. It requires that each has an ID,
// and that copies are copies: same time, same content (S2).
func distinct(t *testing.T, all []received) []received {
	t.Helper()
	first := map[string]received{}
	var out []received
	for _, r := range all {
		require.NotEmpty(t, r.ID)
		seen, ok := first[r.ID]
		if !ok {
			first[r.ID] = r
			out = append(out, r)
			continue
		}
		assert.Equal(t, seen, r, "two records with one ID")
	}
	return out
}
