package faults

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/wal"
)

// update makes testdata of the present version anew. Only for a new version: what is
// there stays as it is for ever.
var update = flag.Bool("update", false, "make testdata/"+formatVersion+" anew")

// formatVersion names the folder of this version's directories.
const formatVersion = "v1"

// manifest is what is known of a directory in testdata.
type manifest struct {
	// Epoch of the log.
	Epoch uint64 `json:"epoch"`
	// Books as a client shows them that has just opened it, with the server down.
	Books books `json:"books"`
	// Records that the directory holds, by offset.
	Records []goldenRecord `json:"records"`
	// Quarantined is the number of bytes in quarantine/.
	Quarantined int `json:"quarantined"`
}

type books struct {
	Accepted  uint64 `json:"accepted"`
	Delivered uint64 `json:"delivered"`
	Pending   uint64 `json:"pending"`
	Evicted   uint64 `json:"evicted"`
	Lost      uint64 `json:"lost"`
}

// goldenRecord is one record: where it is, what it is, and whether it is to be sent.
type goldenRecord struct {
	Offset   uint64 `json:"offset"`
	In       string `json:"in"` // "log" or "ring"
	Pending  bool   `json:"pending"`
	ID       string `json:"id"`
	Message  string `json:"message"`
	Bytes    []byte `json:"bytes"`
	Resource []byte `json:"resource"`
}

func booksOf(s ledger.Stats) books {
	return books{s.Accepted, s.Delivered, s.Pending, s.Evicted, s.Lost}
}

// Directories that earlier versions left behind open: every record is where it was,
// with its offset, ID, bytes and resource, the books say what they said, and what was
// pending is delivered once.
func TestGoldenDirectories_W1_W7(t *testing.T) {
	if *update {
		makeGolden(t, filepath.Join("testdata", formatVersion))
	}
	names, err := filepath.Glob(filepath.Join("testdata", "v*", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(names), 5)
	s := newSink(t)
	records := 0
	for _, name := range names {
		var m manifest
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &m))
		archive := name[:len(name)-len("json")] + "tar.gz"
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(form.Scratch(t), "ledger")
			unpack(t, archive, dir)
			m.checkStored(t, dir)
			// The size of the ring is the client's affair, not the directory's.
			for _, size := range []int{1 << 20, 3 << 20, 0} {
				dir := filepath.Join(form.Scratch(t), "ledger")
				unpack(t, archive, dir)
				cfg := config(dir, s.fresh())
				cfg.RingBytes = size
				m.checkOpened(t, s, cfg)
				records += len(m.Records)
			}
		})
	}
	form.Fault(t, "format", "%d directories of earlier versions, %d records checked by offset, ID, bytes and resource", len(names), records)
}

// checkStored compares the records in the files with those of the manifest.
func (m manifest) checkStored(t *testing.T, dir string) {
	t.Helper()
	epoch, err := wal.PeekEpoch(filepath.Join(dir, "wal"))
	require.NoError(t, err)
	assert.Equal(t, m.Epoch, epoch)
	inLog := map[uint64][]byte{}
	_, err = wal.Walk(filepath.Join(dir, "wal"), func(f wal.Found) error {
		if f.Kind == wal.FoundRecord {
			inLog[uint64(f.Offset)] = append([]byte(nil), f.Payload...)
		}
		return nil
	})
	require.NoError(t, err)
	inRing, err := ring.ReadLeftover(filepath.Join(dir, "ring"), m.Epoch, m.firstInRing())
	require.NoError(t, err)
	if m.inRing() > 0 {
		assert.Equal(t, m.Books.Accepted, inRing.Admitted, "a mark says so if the last record is damaged")
	}
	want := map[uint64][]byte{}
	for _, r := range m.Records {
		if r.In == "log" {
			want[r.Offset] = r.Bytes
		}
	}
	assert.Equal(t, want, inLog)
	assert.Len(t, quarantined(t, dir), m.Quarantined)
}

// firstInRing returns the offset behind the log's last record.
func (m manifest) firstInRing() uint64 {
	first := uint64(1)
	for _, r := range m.Records {
		if r.In == "log" {
			first = r.Offset + 1
		}
	}
	return first
}

func (m manifest) inRing() (n uint64) {
	for _, r := range m.Records {
		if r.In == "ring" {
			n++
		}
	}
	return n
}

// checkOpened opens the directory and has it delivered.
func (m manifest) checkOpened(t *testing.T, s *sink, cfg ledger.Config) {
	t.Helper()
	b := s.fresh()
	b.answer(http.StatusServiceUnavailable)
	cfg.Endpoint = b.url
	c := open(t, cfg)
	assert.Equal(t, m.Books, booksOf(balance(t, c)))
	b.answer(0)
	require.NoError(t, c.Log(t.Context(), ledger.Record{Message: "new"}))
	require.NoError(t, c.Flush(within(t)))
	st := balance(t, c)
	assert.Equal(t, m.Books.Accepted+1, st.Accepted, "W1")
	assert.Equal(t, m.Books.Delivered+m.Books.Pending+1, st.Delivered)
	assert.Zero(t, b.again)
	assert.Empty(t, b.faults())
	got := b.all()
	for _, r := range m.Records {
		if !r.Pending {
			assert.NotContains(t, got, r.ID, "it was acked, or given up")
			continue
		}
		assert.Equal(t, string(r.Bytes), got[r.ID], "offset %d", r.Offset)
		assert.Equal(t, string(r.Resource), b.resources[r.ID], "offset %d", r.Offset)
		assert.Equal(t, r.Message, b.bodies[r.ID])
		delete(got, r.ID)
	}
	assert.Len(t, got, 1, "and the new one")
}
