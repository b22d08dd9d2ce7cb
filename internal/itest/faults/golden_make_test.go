package faults

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	ledgerframe "github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/wal"
)

// makeGolden makes the directories of this version and their manifests.
func makeGolden(t *testing.T, to string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(to, 0o755))
	s := newSink(t)
	killed := newScene(t, s)
	last := killed.tree.segments()[1]
	whole := killed.tree[last].data
	hit := framesOf(t, killed.tree, killed.tree.segments()[0])
	inRing := killed.ringFrames(t)
	for name, tr := range map[string]tree{
		"clean":  newLayers(t, s, 2, 3).tree,
		"killed": killed.tree,
		"hurt":   killed.tree.flipped("ring", int64(inRing[1].from+40)*8),
		// The writer of the second segment died within its last record, and the ring went
		// with it: state.db and the other segment are all that is left.
		"torn": killed.tree.without("ring").with(last, whole[:len(whole)-20]),
		"worn": wornTree(t, s, killed.tree.flipped(killed.tree.segments()[0], int64(hit[3].from+40)*8)),
	} {
		pack(t, tr, filepath.Join(to, name+".tar.gz"))
		b, err := json.MarshalIndent(describe(t, s, tr), "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, name+".json"), append(b, '\n'), 0o644))
	}
}

// wornTree is a directory with a history: a record was damaged and is in quarantine,
// records were acked and evicted, and a second version of the service logs.
func wornTree(t *testing.T, s *sink, from tree) tree {
	t.Helper()
	dir, b := filepath.Join(form.Scratch(t), "worn"), s.fresh()
	from.write(t, dir)
	cfg := config(dir, b)
	cfg.ServiceVersion, cfg.MaxRecords, cfg.SyncEvery = "2.0.0", 6, time.Hour
	b.close(1)
	c := open(t, cfg)
	require.NoError(t, c.Sync(within(t)))
	require.Eventually(t, func() bool { return c.Stats().Acked >= 4 }, soon, time.Millisecond)
	b.answer(http.StatusServiceUnavailable)
	logN(t, c, 9, 20)
	require.NoError(t, c.Sync(within(t)))
	require.Eventually(t, func() bool { return c.Stats().Evicted > 0 }, soon, time.Millisecond)
	require.NoError(t, c.Close())
	c = open(t, cfg)
	logN(t, c, 21, 22)
	tr := readTree(t, dir)
	require.NoError(t, c.Close())
	return tr
}

// describe writes down what a directory holds, read from its files and, for IDs,
// resources and books, as a client sees it.
func describe(t *testing.T, s *sink, tr tree) manifest {
	t.Helper()
	dir, b := filepath.Join(form.Scratch(t), "described"), s.fresh()
	tr.write(t, dir)
	m := manifest{Quarantined: len(quarantined(t, dir))}
	resources := map[uint32][]byte{}
	add := func(in string, offset uint64, resource uint32, payload []byte) {
		rec, _, err := otlp.DecodeRecord(payload)
		require.NoError(t, err)
		r := goldenRecord{Offset: offset, In: in, Bytes: append([]byte(nil), payload...), Resource: resources[resource]}
		r.Message, _ = rec.Body.(string)
		for _, a := range rec.Attrs {
			if a.Key == "ledger.log_id" {
				r.ID = a.Value.String()
			}
		}
		require.NotEmpty(t, r.ID)
		m.Records = append(m.Records, r)
	}
	walDir := filepath.Join(dir, "wal")
	sum, err := wal.Walk(walDir, func(f wal.Found) error {
		switch f.Kind {
		case wal.FoundResource:
			resources[f.Resource] = append([]byte(nil), f.Payload...)
		case wal.FoundRecord:
			add("log", uint64(f.Offset), f.Resource, f.Payload)
		case wal.FoundDamage, wal.FoundForeign, wal.FoundTorn:
		}
		return nil
	})
	require.NoError(t, err)
	m.Epoch = sum.Epoch
	left, err := ring.ReadLeftover(filepath.Join(dir, "ring"), m.Epoch, uint64(sum.Last)+1)
	require.NoError(t, err)
	for _, run := range left.Runs {
		for rest := run.Frames; len(rest) > 0; {
			h, payload, ok := ledgerframe.Parse(rest, ledgerframe.Seed(m.Epoch))
			require.True(t, ok)
			add("ring", h.Offset, h.Resource, payload)
			rest = rest[frameHeader+len(payload):]
		}
	}
	m.settle(t, config(dir, b), b)
	return m
}

// settle notes the books, and which of the records are pending.
func (m *manifest) settle(t *testing.T, cfg ledger.Config, b *book) {
	t.Helper()
	b.answer(http.StatusServiceUnavailable)
	c := open(t, cfg)
	m.Books = booksOf(balance(t, c))
	b.answer(0)
	require.NoError(t, c.Flush(within(t)))
	require.NoError(t, c.Close())
	for i := range m.Records {
		_, m.Records[i].Pending = b.all()[m.Records[i].ID]
	}
}
