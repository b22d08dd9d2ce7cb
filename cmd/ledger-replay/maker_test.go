package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// maker makes a ledger directory as a live process does, with the lock held until
// it is closed.
type maker struct {
	dir      string
	state    *sender.State
	log      *wal.Log
	dead     *sender.DeadLog // opened when it is needed
	names    []string        // of the destinations, in the order of the log's readers
	resource uint32
	stored   map[wal.Offset][]byte // what was appended
}

func newMaker(dir string, segmentSize int64, destinations ...string) (*maker, error) {
	return newMakerKeeping(dir, segmentSize, wal.Retention{Age: time.Hour, Bytes: 1 << 30}, destinations...)
}

// newMakerKeeping makes one that keeps acked records for so long.
func newMakerKeeping(dir string, segmentSize int64, keep wal.Retention, destinations ...string) (*maker, error) {
	state, err := sender.OpenState(dir)
	if err != nil {
		return nil, err
	}
	if len(destinations) == 0 {
		destinations = []string{sender.DefaultDestination}
	}
	m := &maker{dir: dir, state: state, names: destinations, stored: map[wal.Offset][]byte{}}
	opts := ownerOptions(state, destinations)
	opts.SegmentSize, opts.KeepAcked = segmentSize, keep
	if m.log, err = wal.Open(filepath.Join(dir, "wal"), opts); err != nil {
		return nil, err
	}
	for _, name := range destinations {
		if r, acct := m.reader(name); acct.Checkpoint().Epoch == 0 { // From here on it is known.
			err = errors.Join(err, acct.Save(r.Checkpoint(), sender.Counters{}))
		}
	}
	return m, err
}

// ownerOptions are what a process opens the log with.
func ownerOptions(state *sender.State, names []string) wal.Options {
	opts := wal.Options{Epoch: state.Identity().Epoch}
	for i, name := range names {
		cp := state.Account(name).Checkpoint()
		if len(state.Destinations()) == 0 {
			cp.Epoch = opts.Epoch // They are there from the first record on.
		}
		if i == 0 {
			opts.Checkpoint = cp
		} else {
			opts.Readers = append(opts.Readers, cp)
		}
	}
	return opts
}

// reader returns the place of a destination in the log, and its account.
func (m *maker) reader(name string) (*wal.Reader, *sender.Account) {
	return m.log.Reader(slices.Index(m.names, name)), m.state.Account(name)
}

// setResource makes what is logged from now on that of a process with these
// attributes.
func (m *maker) setResource(attrs ...slog.Attr) error {
	b := otlp.AppendResource(nil, attrs)
	id, err := m.state.AddResource(b)
	m.log.SetResource(id, b)
	m.resource = id
	return err
}

// add appends one block of records, behind skipped offsets that were evicted and
// lost ones that are just not there.
func (m *maker) add(records []otlp.Record, skipped, lost int) error {
	if m.resource == 0 {
		if err := m.setResource(slog.String("service.name", "shop")); err != nil {
			return err
		}
	}
	run := m.log.NewRun()
	base := m.log.Next() + wal.Offset(skipped+lost)
	buf := run.Buffer()
	for i := range records {
		o := base + wal.Offset(i)
		h := frame.Header{Offset: uint64(o), Time: records[i].Time, Resource: m.resource}
		if i == 0 {
			h.Skipped = uint32(skipped)
		}
		payload := otlp.AppendRecord(nil, &records[i])
		m.stored[o] = payload
		buf = frame.Append(buf, h, payload, frame.Seed(m.state.Identity().Epoch))
	}
	run.Fill(buf, base, len(records), m.resource)
	if err := m.log.Append(run); err != nil {
		return err
	}
	return m.log.Sync()
}

// addRaw appends a record that is no record.
func (m *maker) addRaw(payload []byte) error {
	run := m.log.NewRun()
	base := m.log.Next()
	h := frame.Header{Offset: uint64(base), Time: time.Now().UnixNano(), Resource: m.resource}
	run.Fill(frame.Append(run.Buffer(), h, payload, frame.Seed(m.state.Identity().Epoch)), base, 1, m.resource)
	if err := m.log.Append(run); err != nil {
		return err
	}
	return m.log.Sync()
}

// ack settles everything up to an offset, durably.
func (m *maker) ack(through wal.Offset) error {
	return m.ackRun(m.names[0], m.log.Reader(0).Head()+1, through)
}

// ackRun settles a run of offsets for a destination, in its turn or not, durably.
func (m *maker) ackRun(name string, from, to wal.Offset) error {
	r, acct := m.reader(name)
	return acct.Save(r.Ack(offsetRun(from, to)), sender.Counters{Requests: 1, Bytes: 100, RawBytes: 1000})
}

// offsetRun is a batch without bytes.
func offsetRun(from, to wal.Offset) *wal.Batch {
	b := &wal.Batch{}
	for o := from; o <= to; o++ {
		b.Entries = append(b.Entries, wal.Entry{Offset: o})
	}
	return b
}

// bury makes dead letters of records, durably. With early set the process dies before it
// can say so in the books.
func (m *maker) bury(records []wal.Entry, l otlp.Letter, early bool) error {
	if m.dead == nil {
		var err error
		if m.dead, err = sender.OpenDead(filepath.Join(m.dir, "dead"), m.state, sender.DeadLimits{}, filepath.Join(m.dir, "quarantine")); err != nil {
			return err
		}
	}
	var letters []sender.DeadLetter
	for _, e := range records {
		l.Offset = uint64(e.Offset)
		letters = append(letters, sender.DeadLetter{Letter: l, Resource: m.resource, Record: m.stored[e.Offset]})
	}
	if err := m.dead.Put(letters, m.log.Resource); err != nil || early {
		return err
	}
	r, acct := m.reader(l.Destination)
	return acct.Save(r.Bury(&wal.Batch{Entries: records}), sender.Counters{Rejected: uint64(len(letters))})
}

// evict gives up the n oldest pending records, durably.
func (m *maker) evict(name string, n uint64) error {
	r, acct := m.reader(name)
	r.Evict(n)
	return acct.Save(r.Checkpoint(), sender.Counters{})
}

func (m *maker) close() error {
	err := m.log.Close()
	if m.dead != nil {
		err = errors.Join(err, m.dead.Close())
	}
	return errors.Join(err, m.state.Close())
}

// concat joins the payloads of the offsets from first to last.
func (m *maker) concat(first, last wal.Offset) []byte {
	var b bytes.Buffer
	for o := first; o <= last; o++ {
		b.Write(m.stored[o])
	}
	return b.Bytes()
}

// plain returns n records of one second each from a time on, with IDs.
func plain(n int, at time.Time, first int) []otlp.Record {
	out := make([]otlp.Record, n)
	for i := range out {
		out[i] = otlp.Record{
			Time: at.Add(time.Duration(i) * time.Second).UnixNano(), Severity: 9, SeverityText: "INFO",
			Body:  fmt.Sprintf("record %d", first+i),
			Attrs: []slog.Attr{slog.String("ledger.log_id", fmt.Sprintf("id-%d", first+i)), slog.Int("n", first+i)},
		}
	}
	return out
}
