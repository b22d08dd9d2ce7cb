package wal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// entry is an offset and what was written there: the serial number of a record,
// 0 for a hole that evictions left.
type entry struct {
	offset Offset
	serial uint32
}

// oracle is what a log has promised.
type oracle struct {
	// stored is in the state file and durable; flying was handed to it, and nobody
	// knows.
	stored Checkpoint
	flying *Checkpoint

	live    []entry // what is pending and the holes between, in order
	last    Offset
	written Offset // what a kill must leave
	acked   Offset // the highest
	exposed Offset // readable from memory while the disk takes nothing

	// promised must survive everything until the stored checkpoint settles it, top
	// is the highest such offset ever, assigned the highest of all.
	promised map[Offset]uint32
	held     map[Offset]uint32 // must survive, because the process was only killed
	top      Offset
	assigned Offset
}

func (o *oracle) clone() oracle {
	c := *o
	c.live = slices.Clone(o.live)
	c.promised = maps.Clone(o.promised)
	c.held = maps.Clone(o.held)
	return c
}

// promise enters everything up to an offset as safe.
func (o *oracle) promise(through Offset) {
	for _, e := range o.live {
		if e.offset > through {
			break
		}
		o.promised[e.offset] = e.serial
		o.top = max(o.top, e.offset)
	}
}

// store makes a checkpoint durable.
func (o *oracle) store(c Checkpoint) {
	o.stored, o.flying = c, nil
	for offset := range o.promised {
		if offset <= c.Head {
			delete(o.promised, offset)
		}
	}
}

// pending returns the records up to an offset.
func (o *oracle) pending(through Offset) []entry {
	var out []entry
	for _, e := range o.live {
		if e.serial > 0 && e.offset <= through {
			out = append(out, e)
		}
	}
	return out
}

// settle drops what is pending up to an offset.
func (o *oracle) settle(through Offset) {
	n := 0
	for n < len(o.live) && o.live[n].offset <= through {
		n++
	}
	o.live = o.live[n:]
}

// punch makes holes of what is pending in [from, before).
func (o *oracle) punch(from, before Offset) {
	for i := range o.live {
		if e := &o.live[i]; e.offset >= from && e.offset < before {
			e.serial = 0
		}
	}
}

// die is the end of a process. A kill leaves what was written.
func (o *oracle) die(kill bool) {
	if !kill {
		clear(o.held)
		o.live = nil
		return
	}
	for _, e := range o.live {
		if e.offset <= o.written {
			o.held[e.offset] = e.serial
		}
	}
}

// judge compares what a log found after a crash with what it had promised and
// returns what is wrong, "" if nothing is.
func (o *oracle) judge(found []entry, s Stats, r Recovery) string {
	at := map[Offset]uint32{}
	for _, e := range found {
		at[e.offset] = e.serial
	}
	for _, must := range []map[Offset]uint32{o.promised, o.held} {
		for _, offset := range slices.Sorted(maps.Keys(must)) {
			serial := must[offset]
			if offset > o.stored.Head && serial > 0 && at[offset] != serial {
				return fmt.Sprintf("W3: record %d was promised and is not there: serial %d is, not %d", offset, at[offset], serial)
			}
		}
	}
	unpromised := uint64(0)
	for offset := o.stored.Head + 1; offset <= s.Last; offset++ {
		if _, ok := o.promised[offset]; !ok {
			unpromised++
		}
	}
	switch {
	case len(found) > 0 && found[0].offset <= o.stored.Head:
		return fmt.Sprintf("W2: record %d is read again, the stored head is %d", found[0].offset, o.stored.Head)
	case s.Last < max(o.top, o.stored.Head):
		return fmt.Sprintf("W1: offsets go on from %d, and %d was promised", s.Last, max(o.top, o.stored.Head))
	case s.Last > max(o.assigned, o.stored.Head):
		return fmt.Sprintf("W1: offsets go on from %d, and only %d were assigned", s.Last, o.assigned)
	case s.Synced < s.Head || s.Synced > s.Last:
		return fmt.Sprintf("W2: head %d, synced %d, last %d", s.Head, s.Synced, s.Last)
	case s.Pending != uint64(len(found)):
		return fmt.Sprintf("L2: %d are pending and %d can be read", s.Pending, len(found))
	case r.Lost > unpromised:
		return fmt.Sprintf("L2: %d counted as lost, %d can be", r.Lost, unpromised)
	}
	return ""
}

// rebase starts the next process with what it found.
func (o *oracle) rebase(found []entry, s Stats, safe bool) {
	o.live, o.held = found, map[Offset]uint32{}
	o.last, o.written, o.exposed = s.Last, s.Last, 0
	if safe {
		o.promise(s.Last)
	}
}

// born is what a record was written with.
type born struct {
	offset Offset
	size   int
}

// witness knows every record that was ever written.
type witness struct{ records []born }

// payload makes a record that is like no other.
func (w *witness) payload(o Offset, size int) []byte {
	w.records = append(w.records, born{o, max(size, 16)})
	return w.bytes(uint32(len(w.records)))
}

// bytes returns the payload of the record of a serial number, from 1.
func (w *witness) bytes(serial uint32) []byte {
	r := w.records[serial-1]
	b := make([]byte, r.size)
	binary.LittleEndian.PutUint64(b, uint64(r.offset))
	for i := 8; i < len(b); i++ {
		b[i] = byte(serial >> (8 * (i & 3)))
	}
	return b
}

// serial tells which record b is, 0 if it was never written at that offset.
func (w *witness) serial(o Offset, b []byte) uint32 {
	if len(b) < 16 {
		return 0
	}
	serial := binary.LittleEndian.Uint32(b[8:])
	if serial == 0 || int(serial) > len(w.records) || w.records[serial-1].offset != o || !bytes.Equal(w.bytes(serial), b) {
		return 0
	}
	return serial
}
