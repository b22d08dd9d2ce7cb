package sender

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/wal"
)

// fakeLog is a log in memory. It checks that it is used as a log must be.
type fakeLog struct {
	t testing.TB

	mu        sync.Mutex
	records   []fakeRecord // record i has offset i+1
	bytes     int64
	head      wal.Offset
	evicted   uint64
	changed   chan struct{}
	acked     []wal.Offset // last offset of every acked batch
	settled   map[wal.Offset]bool
	buried    []wal.Offset
	reclaimed wal.Offset
	readErr   error
	reads     int
}

type fakeRecord struct {
	payload  []byte
	at       time.Time
	resource uint32
	before   int64 // bytes of the records before this one
}

func newFakeLog(t testing.TB) *fakeLog {
	return &fakeLog{t: t, changed: make(chan struct{}), settled: map[wal.Offset]bool{}}
}

// payload of the record with an offset: eight bytes that the tests find again, and more if
// wanted, in the field of a request that records have.
func payload(o wal.Offset, extra int) []byte {
	b := protowire.AppendVarint([]byte{2<<3 | 2}, uint64(8+extra))
	b = fmt.Appendf(b, "<%06d>", o)
	return append(b, bytes.Repeat([]byte{'x'}, extra)...)
}

// add admits n records now.
func (l *fakeLog) add(n int) { l.addSized(n, 0, 1) }

func (l *fakeLog) addSized(n, extra int, resource uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		p := payload(wal.Offset(len(l.records)+1), extra)
		l.records = append(l.records, fakeRecord{p, time.Now().Round(0), resource, l.bytes})
		l.bytes += int64(len(p))
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// evict gives up everything up to an offset.
func (l *fakeLog) evict(through wal.Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if through > l.head {
		l.evicted += uint64(through - l.head)
		l.head = through
		l.absorb()
	}
}

func (l *fakeLog) Read(b *wal.Batch, after wal.Offset, lim wal.Limits) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	b.Reset()
	if l.readErr != nil {
		return l.readErr
	}
	b.Epoch = 7
	for o := max(after, l.head) + 1; int(o) <= len(l.records); o++ {
		if l.settled[o] {
			continue
		}
		r := l.records[o-1]
		if n := len(b.Entries); n > 0 && (n >= lim.Records || len(b.Data)+len(r.payload) > lim.Bytes || r.resource != b.Resource) {
			break
		}
		if len(b.Entries) == 0 {
			b.Resource, b.Oldest = r.resource, r.at
		}
		b.Data = append(b.Data, r.payload...)
		b.Entries = append(b.Entries, wal.Entry{Offset: o, End: len(b.Data)})
	}
	return nil
}

func (l *fakeLog) Backlog(after wal.Offset) wal.Backlog {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := int(max(after, l.head))
	if from >= len(l.records) {
		return wal.Backlog{}
	}
	first := l.records[from]
	return wal.Backlog{Records: len(l.records) - from, Bytes: l.bytes - first.before, Oldest: first.at}
}

func (l *fakeLog) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *fakeLog) Head() wal.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

func (l *fakeLog) Ack(b *wal.Batch) wal.Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked = append(l.acked, b.Last())
	return l.settle(b)
}

func (l *fakeLog) Bury(b *wal.Batch) wal.Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range b.Entries {
		l.buried = append(l.buried, e.Offset)
	}
	return l.settle(b)
}

func (l *fakeLog) settle(b *wal.Batch) wal.Checkpoint {
	assert.NotZero(l.t, b.Len(), "an empty batch was settled")
	for _, e := range b.Entries {
		assert.False(l.t, l.settled[e.Offset], "%d was settled twice", e.Offset)
		l.settled[e.Offset] = true
		if e.Offset <= l.head {
			l.evicted-- // Delivered wins.
		}
	}
	l.absorb()
	return wal.Checkpoint{Epoch: 7, Head: l.head, Last: wal.Offset(len(l.records)), Evicted: l.evicted, Dead: uint64(len(l.buried))}
}

func (l *fakeLog) absorb() {
	for l.settled[l.head+1] {
		l.head++
	}
}

func (l *fakeLog) Through() wal.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return wal.Offset(len(l.records))
}

func (l *fakeLog) Reclaim(durable wal.Checkpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.LessOrEqual(l.t, durable.Head, l.head)
	l.reclaimed = durable.Head
}

func (l *fakeLog) ackedBatches() []wal.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]wal.Offset(nil), l.acked...)
}

func (l *fakeLog) reclaimedTo() wal.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reclaimed
}

func (l *fakeLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readErr = err
}

// fakeStore is a state in memory whose saves can be made to fail.
type fakeStore struct {
	mu      sync.Mutex
	cp      wal.Checkpoint
	total   Counters
	learned Learned
	saves   int
	err     error
}

func (s *fakeStore) Learned() Learned {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learned
}

func (s *fakeStore) Learn(l Learned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.learned = l
	}
	return s.err
}

func (s *fakeStore) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

func (s *fakeStore) Save(cp wal.Checkpoint, d Counters) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	switch {
	case s.err != nil:
		return s.err
	case cp.Head < s.cp.Head:
		return ErrBehind
	}
	s.cp, s.total = cp, s.total.plus(d)
	return nil
}

func (s *fakeStore) AddCounters(d Counters) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total = s.total.plus(d)
	return nil
}

func (s *fakeStore) head() wal.Offset {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cp.Head
}

func (s *fakeStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}
