//go:build linux && (amd64 || arm64)

package syscalls

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// past is a directory as an earlier process left it, and what the next one must make of
// it: what an Open that nobody disturbs makes of a copy.
type past struct {
	dir string
	// records that can be delivered, and how many are lost to damage.
	records []string
	lost    uint64
	// kept holds the contents of the quarantine, by file.
	kept map[string]string
}

const oldTag, newTag = "old", "new"

// closedBefore was closed in good order, with nothing delivered.
func closedBefore(t *testing.T) past {
	t.Helper()
	dir, r := playedBefore(t, "append and sync", func(call) verdict { return pass })
	return newPast(t, dir, r)
}

// killedBefore has records in the ring that never reached the log.
func killedBefore(t *testing.T) past {
	t.Helper()
	dir, r := playedBefore(t, "append and sync", func(c call) verdict {
		if c.name == "print" && c.path == "end" {
			return kill
		}
		return pass
	})
	return newPast(t, dir, r)
}

// playedBefore runs a scenario in a new directory, under the tag of old records.
func playedBefore(t *testing.T, name string, decide func(call) verdict) (dir string, r ran) {
	t.Helper()
	s, _ := scenarioNamed(name)
	dir = filepath.Join(t.TempDir(), "ledger")
	// No server: what it logged is still pending.
	return dir, s.run(t, dir, nobody, oldTag, decide, faultsEnv+"=1")
}

// newPast looks what becomes of the directory that r left.
func newPast(t *testing.T, dir string, r ran) past {
	t.Helper()
	p := past{dir: dir}
	logged, _ := promised(oldTag, r.said)
	p.look(t)
	require.Subset(t, p.records, logged)
	require.Zero(t, p.lost)
	require.Empty(t, p.kept)
	return p
}

func (p *past) look(t *testing.T) {
	t.Helper()
	dir, srv := p.copy(t), newSink(t)
	s := deliverAll(t, scenario{}.configure(dir, srv.URL))
	ids, _ := srv.arrived()
	p.records, p.lost, p.kept = slices.Sorted(maps.Keys(ids)), s.Lost, quarantine(t, dir)
}

// damagedBefore has a failed segment that still holds what the one behind it holds too,
// a torn tail, a byte that went bad, and files that other interruptions leave.
func damagedBefore(t *testing.T) past {
	t.Helper()
	p := damaged(t)
	p.look(t)
	require.NotEmpty(t, p.kept)
	require.EqualValues(t, 1, p.lost, "the record with the bad byte")
	return p
}

// stateLostBefore is that without a state that can be read.
func stateLostBefore(t *testing.T) past {
	t.Helper()
	p := damaged(t)
	write(t, p.dir, "state.db", strings.Repeat("garbage ", 4096))
	p.look(t)
	require.Contains(t, p.kept, "state.db.1")
	require.EqualValues(t, 1, p.lost, "the record with the bad byte")
	return p
}

func damaged(t *testing.T) past {
	t.Helper()
	armed, failed, cut := false, false, false
	dir, r := playedBefore(t, "roll", func(c call) verdict {
		switch {
		case c.name == "print":
			armed = armed || c.path == "synced 15"
		case armed && !failed && onSegment("fsync", "fdatasync")(c):
			failed = true
			return fail // From here on the segment is stale.
		case failed && !cut && onSegment("ftruncate")(c):
			cut = true
			return fail // And stays as it is.
		case cut && onSegment("write")(c):
			return tear
		}
		return pass
	})
	require.NotNil(t, r.killed, "%v", r)
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(segments), 3)

	b, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	b[len(b)/2] ^= 0xff
	require.NoError(t, os.WriteFile(segments[0], b, 0o600))

	write(t, dir, "wal/00000000000000000900", "")
	write(t, dir, "wal/00000000000000000901.START", "stranger")
	write(t, dir, "state.db.new", "half")
	write(t, dir, "ring.new", "half")
	return past{dir: dir}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

// copy makes a copy of the directory for one run.
func (p *past) copy(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "ledger")
	if p.dir == "" {
		return to // There was nothing before.
	}
	err := filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(p.dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	require.NoError(t, err)
	return to
}

// quarantine returns what was set aside, by name.
func quarantine(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "quarantine", "*"))
	require.NoError(t, err)
	kept := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		kept[filepath.Base(path)] = string(b)
	}
	return kept
}
