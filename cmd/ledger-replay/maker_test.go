package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
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
	resource uint32
	stored   map[wal.Offset][]byte // what was appended
}

func newMaker(dir string, segmentSize int64) (*maker, error) {
	return newMakerKeeping(dir, segmentSize, wal.Retention{Age: time.Hour, Bytes: 1 << 30})
}

// newMakerKeeping makes one that keeps acked records for so long.
func newMakerKeeping(dir string, segmentSize int64, keep wal.Retention) (*maker, error) {
	state, err := sender.OpenState(dir)
	if err != nil {
		return nil, err
	}
	m := &maker{dir: dir, state: state, stored: map[wal.Offset][]byte{}}
	m.log, err = wal.Open(filepath.Join(dir, "wal"), wal.Options{
		Epoch: state.Identity().Epoch, Checkpoint: state.Checkpoint(), SegmentSize: segmentSize,
		KeepAcked: keep,
	})
	if err != nil {
		return nil, err
	}
	return m, nil
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
	cp := m.log.Ack(&wal.Batch{Entries: []wal.Entry{{Offset: through}}})
	return m.state.Save(cp, sender.Counters{Requests: 1, Bytes: 100, RawBytes: 1000})
}

// evict gives up the n oldest pending records, durably.
func (m *maker) evict(n uint64) error {
	m.log.Evict(n)
	return m.state.Save(m.log.Checkpoint(), sender.Counters{})
}

func (m *maker) close() error {
	err := m.log.Close()
	if closeErr := m.state.Close(); err == nil {
		err = closeErr
	}
	return err
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
