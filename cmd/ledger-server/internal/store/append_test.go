package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

func TestAppendedRecordComesBackAsItWas(t *testing.T) {
	s := openTest(t)
	full := record.Record{
		ID: "full", Time: 1_752_143_999_123_456_789, Ingested: 1_752_144_000_000_000_000,
		Level: "error", Type: "endpoint", Importance: "high",
		Message: "m 'quoted' \"x\" é \U0001F600", ErrorType: "E", ErrorMessage: "em", StackTrace: "at f (x:1)",
		Endpoint: &record.Endpoint{Method: "GET", Path: "/a/{id}", StatusCode: 500, DurationMS: 12.35},
		Service:  "shop", Environment: "prod", Release: "1.2", TraceID: "aa", SpanID: "bb",
		SDKVersion: "1", Platform: "go", PlatformVersion: "go1.26",
		Attributes: `{"k":"v"}`, Resource: &record.Resource{Attributes: `{"service.name":"shop"}`},
	}
	bare := rec(2, func(r *record.Record) { r.Resource = nil })
	assert.Equal(t, Appended{Stored: 2}, mustAppend(t, s, full, bare))

	got, err := s.Get(t.Context(), "full")
	require.NoError(t, err)
	assert.Equal(t, full, got)

	got, err = s.Get(t.Context(), bare.ID)
	require.NoError(t, err)
	assert.Nil(t, got.Endpoint, "a record that is of no request has no endpoint, not an empty one")
	assert.Equal(t, `{}`, got.Resource.Attributes)

	_, err = s.Get(t.Context(), "absent")
	assert.ErrorIs(t, err, ErrNotFound)
}

func TestRecordIsStoredOnceHoweverOftenItArrives(t *testing.T) { // D2
	s := openTest(t)
	assert.Equal(t, Appended{Stored: 2, Duplicates: 1}, mustAppend(t, s, rec(1), rec(2), rec(1)), "within one append")
	changed := rec(1, func(r *record.Record) { r.Message, r.Time = "another text", 77 })
	assert.Equal(t, Appended{Stored: 1, Duplicates: 1}, mustAppend(t, s, changed, rec(3)), "over two appends")

	got, err := s.Get(t.Context(), rec(1).ID)
	require.NoError(t, err)
	assert.Equal(t, "line 1", got.Message, "the first arrival stands")
	assert.EqualValues(t, 2, got.Resends)

	st, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 3, st.Records)
	assert.EqualValues(t, 2, st.Duplicates)
	assert.Positive(t, st.Bytes)
}

func TestCountsAndRecordsOutliveTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs.db")
	for round := range 3 {
		s, err := Open(path, Options{})
		require.NoError(t, err)
		mustAppend(t, s, rec(1), rec(10+round))
		st, err := s.Stats(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 2+round, st.Records)
		assert.EqualValues(t, round, st.Duplicates)
		require.NoError(t, s.Close())
		assert.NoFileExists(t, path+"-wal", "a closed store is one file")
	}
}

func TestConcurrentAppendsOfTheSameRecordsStoreEachOnce(t *testing.T) { // D2
	s := openTest(t)
	const senders, batches, size = 8, 5, 20
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for b := range batches {
				_, err := s.Append(context.Background(), recs(b*size, size))
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	st, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, batches*size, st.Records)
	assert.EqualValues(t, (senders-1)*batches*size, st.Duplicates)
}

func TestResourceIsStoredOnce(t *testing.T) {
	s := openTest(t)
	with := func(n int, resource string) record.Record {
		return rec(n, func(r *record.Record) { r.Resource = &record.Resource{Attributes: resource} })
	}
	for n := range 10 {
		mustAppend(t, s, with(2*n, `{"a":1}`), with(2*n+1, `{"b":1}`))
	}
	var many []record.Record
	for n := range maxKnownResources + 10 { // more than are remembered
		many = append(many, with(100+n, fmt.Sprintf(`{"n":%d}`, n)))
	}
	mustAppend(t, s, many...)
	mustAppend(t, s, with(99, `{"a":1}`))

	var rows int
	require.NoError(t, s.readers.QueryRow("SELECT count(*) FROM resources").Scan(&rows))
	assert.Equal(t, 2+maxKnownResources+10, rows)
	got, err := s.Get(t.Context(), with(99, "").ID)
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, got.Resource.Attributes)
}

func TestGroupTakesWhatWaitsUpToItsLimit(t *testing.T) {
	queue := make(chan *write, 8)
	half := &write{records: make([]record.Record, maxGroup/2)}
	for range 3 {
		queue <- half
	}
	assert.Len(t, gather(half, queue), 2, "full")
	assert.Len(t, gather(&write{}, queue), 3, "the two that are left")
	assert.Len(t, gather(&write{}, queue), 1, "nothing waits")
	queue <- half
	close(queue)
	assert.Len(t, gather(&write{}, queue), 2, "closed")
}

func TestFullQueueIsBusyAndNeverBlocks(t *testing.T) {
	s := &Store{queue: make(chan *write, 1)} // no writer takes from it
	require.NoError(t, s.enqueue(&write{}))
	_, err := s.Append(t.Context(), nil)
	assert.ErrorIs(t, err, ErrBusy)
}

func TestAppendEndsWithItsContext(t *testing.T) {
	s := &Store{queue: make(chan *write, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Append(ctx, nil)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestClosedStoreTakesNothingAndClosesTwice(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "logs.db"), Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Append(t.Context(), recs(1, 1))
	assert.ErrorIs(t, err, ErrClosed)
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs.db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	var waiting []*write
	for n := range 50 {
		w := &write{records: recs(n*10, 10), result: make(chan result, 1)}
		require.NoError(t, s.enqueue(w))
		waiting = append(waiting, w)
	}
	require.NoError(t, s.Close())
	for _, w := range waiting {
		require.NoError(t, (<-w.result).err)
	}

	s, err = Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	st, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 500, st.Records)
}
