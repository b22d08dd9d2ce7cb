package sender

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Why a record became a dead letter.
const (
	// DeadRejected: the server refuses the record (400, 422).
	DeadRejected = "rejected"
	// DeadTooLarge: the record alone is larger than the server takes (413).
	DeadTooLarge = "too_large"
	// DeadPartial: the server refused some records of the batch and did not say which.
	DeadPartial = "partial"
	// DeadQuota: the server took nothing because a quota is used up.
	DeadQuota = "quota"
)

// A DeadLetter is a record that a server refused, and what is known about that.
type DeadLetter struct {
	otlp.Letter
	// Resource that the record refers to.
	Resource uint32
	// Record is in its final wire form.
	Record []byte
}

// DeadLimits bound the dead letters that are kept. The oldest go first, and are counted.
// The zero value of a field is no limit.
type DeadLimits struct {
	Records int
	Bytes   int64
	Age     time.Duration
}

// DeadLog keeps dead letters: a log of its own, of the same format as that of the
// records, so that the same tools read it. It is shared by all destinations and safe for
// concurrent use.
type DeadLog struct {
	dir        string
	quarantine string
	limits     DeadLimits
	seed       uint32
	acct       *Account

	mu sync.Mutex // one writer at a time
	// log is nil as long as there never was a dead letter: a disk that is full must not
	// keep the log of the records from being opened.
	log *wal.Log
	// known are the letters that wait, by destination and reason; seen the offsets of
	// their records, so that one that is refused again after a crash has one letter.
	known map[letterKind]int
	seen  map[letterOf]bool
	// owed are letters that were delivered, by destination, which the state has not been
	// told of.
	owed map[string]uint64
	// torn says that a Put failed: the log still writes what it was given, by itself.
	torn bool
}

type letterKind struct{ destination, reason string }

type letterOf struct {
	destination string
	offset      uint64
}

// OpenDead opens the log of dead letters in dir, or makes it with the first of them. The
// caller holds the lock of the directory around it (W8), and st is that directory's.
func OpenDead(dir string, st *State, limits DeadLimits, quarantine string) (*DeadLog, error) {
	d := &DeadLog{
		dir: dir, quarantine: quarantine, limits: limits, seed: frame.Seed(st.Identity().Epoch), acct: st.Account(DeadLetters),
		known: map[letterKind]int{}, seen: map[letterOf]bool{}, owed: map[string]uint64{},
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	err := d.open()
	if err == nil {
		if err = d.recount(); err != nil {
			err = errors.Join(err, d.log.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("sender: open dead letters: %w", err)
	}
	return d, nil
}

func (d *DeadLog) open() error {
	log, err := wal.Open(d.dir, wal.Options{
		Epoch: d.acct.state.Identity().Epoch, Checkpoint: d.acct.Checkpoint(), SegmentSize: 1 << 20, QuarantineDir: d.quarantine,
	})
	if err == nil {
		d.log = log
	}
	return err
}

// Put makes dead letters durable: after it returned nil their records may be acked (S1).
// After an error none of them may; it is tried again by calling Put again. resource
// returns the bytes of the resources they refer to, for tools that have no state.
func (d *DeadLog) Put(letters []DeadLetter, resource func(id uint32) []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.log == nil {
		err = d.open()
	} else {
		err = d.heal()
	}
	if err != nil {
		return fmt.Errorf("sender: put dead letters: %w", err)
	}
	now := time.Now()
	base := d.log.Next()
	run := d.log.NewRun()
	frames := run.Buffer()
	var payload []byte
	count := 0
	for i, l := range letters {
		if i == 0 || l.Resource != letters[i-1].Resource {
			d.log.SetResource(l.Resource, resource(l.Resource))
		}
		if d.seen[letterOf{l.Destination, l.Offset}] {
			continue
		}
		payload = otlp.AppendLetter(append(payload[:0], l.Record...), l.Letter)
		frames = frame.Append(frames, frame.Header{
			Offset: uint64(base) + uint64(count), Time: now.UnixNano(), Resource: l.Resource,
		}, payload, d.seed)
		count++
	}
	if count == 0 {
		return nil
	}
	run.Fill(frames, base, count, letters[0].Resource)
	if err := errors.Join(d.log.Append(run), d.log.Sync()); err != nil {
		d.torn = true
		return fmt.Errorf("sender: put dead letters: %w", err)
	}
	for _, l := range letters {
		if key := (letterOf{l.Destination, l.Offset}); !d.seen[key] {
			d.seen[key] = true
			d.known[letterKind{l.Destination, l.Reason}]++
		}
	}
	d.enforce(now)
	return nil
}

// heal brings the log back after a Put that failed. What that was given is then there after
// all: counted here, so that it is not put a second time.
func (d *DeadLog) heal() error {
	if !d.torn {
		return nil
	}
	err := errors.Join(d.log.Heal(), d.log.Sync())
	if err == nil {
		err = d.recount()
	}
	d.torn = err != nil
	return err
}

// enforce keeps the limits. What goes is counted by the log's own books.
func (d *DeadLog) enforce(now time.Time) {
	r := d.log.Reader(0)
	before := r.Head()
	if s := r.Stats(); d.limits.Records > 0 && s.Pending > uint64(d.limits.Records) {
		r.Evict(s.Pending - uint64(d.limits.Records))
	}
	if s := r.Stats(); d.limits.Bytes > 0 && s.PendingBytes > d.limits.Bytes {
		r.EvictBytes(s.PendingBytes - d.limits.Bytes)
	}
	if d.limits.Age > 0 {
		r.EvictBefore(now.Add(-d.limits.Age))
	}
	if r.Head() > before {
		// If it cannot be stored, the letters are there again after a restart, and go again.
		_ = d.store()
		_ = d.recount() // What cannot be read is counted as lost by the log.
	}
}

// recount looks at what there is.
func (d *DeadLog) recount() error {
	clear(d.known)
	clear(d.seen)
	return d.each(0, 0, func(_ wal.Offset, l DeadLetter) {
		d.known[letterKind{l.Destination, l.Reason}]++
		d.seen[letterOf{l.Destination, l.Offset}] = true
	})
}

// store makes the log's checkpoint durable, with what the destinations are to be told, and
// lets go of what it settles (W5).
func (d *DeadLog) store() error {
	cp := d.log.Reader(0).Checkpoint()
	if err := d.acct.state.saveLetters(cp, d.owed); err != nil {
		return err
	}
	clear(d.owed)
	d.log.Reader(0).Reclaim(cp)
	d.log.Maintain()
	return nil
}

// each calls f for every letter after an offset, and if through is not 0 up to that.
func (d *DeadLog) each(after, through wal.Offset, f func(at wal.Offset, l DeadLetter)) error {
	var b wal.Batch
	for d.log != nil {
		if err := d.log.Reader(0).Read(&b, after, wal.Limits{Bytes: 1 << 20}); err != nil || b.Len() == 0 {
			return err
		}
		for i := range b.Entries {
			at := b.Entries[i].Offset
			if through > 0 && at > through {
				return nil
			}
			if record, letter, err := otlp.SplitLetter(b.Record(i)); err == nil {
				f(at, DeadLetter{letter, b.Resource, record})
			}
		}
		after = b.Last()
	}
	return nil
}

// Letters returns the dead letters that f accepts, oldest first and at most limit of
// them; 0 is no limit.
func (d *DeadLog) Letters(limit int, f func(DeadLetter) bool) ([]DeadLetter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []DeadLetter
	err := d.each(0, 0, func(_ wal.Offset, l DeadLetter) {
		if (limit == 0 || len(out) < limit) && f(l) {
			l.Record = slices.Clone(l.Record)
			out = append(out, l)
		}
	})
	return out, err
}

// Count returns how many letters of a destination wait, by reason.
func (d *DeadLog) Count(destination string) map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]int{}
	for k, n := range d.known {
		if k.destination == destination && n > 0 {
			out[k.reason] += n
		}
	}
	return out
}

// read fills b with the records of letters after an offset, of one destination and of
// the wanted reasons, nil being all. The offsets of b are those of the letters. It
// returns how far it looked; b is empty if there are none up to there.
func (d *DeadLog) read(b *wal.Batch, after wal.Offset, destination string, reasons []string, lim wal.Limits) (wal.Offset, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var raw wal.Batch
	if d.log == nil {
		b.Reset()
		return 0, nil
	}
	if err := d.log.Reader(0).Read(&raw, after, lim); err != nil {
		return after, err
	}
	b.Reset()
	b.Epoch, b.Resource, b.Oldest = raw.Epoch, raw.Resource, raw.Oldest
	for i := range raw.Entries {
		record, l, err := otlp.SplitLetter(raw.Record(i))
		if err != nil || l.Destination != destination || reasons != nil && !slices.Contains(reasons, l.Reason) {
			continue
		}
		b.Data = append(b.Data, record...)
		b.Entries = append(b.Entries, wal.Entry{Offset: raw.Entries[i].Offset, End: len(b.Data)})
	}
	if raw.Len() == 0 {
		return 0, nil
	}
	return raw.Last(), nil
}

// Dropped returns how many letters went because of the limits, and how many were lost by
// damage, over the life of the directory.
func (d *DeadLog) Dropped() (dropped, lost uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log == nil {
		return 0, 0
	}
	s := d.log.Reader(0).Stats()
	return s.Evicted, s.Lost
}

// Forget gives up the letters of a destination that f accepts and returns how many.
func (d *DeadLog) Forget(f func(DeadLetter) bool) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var gone wal.Batch
	err := d.each(0, 0, func(at wal.Offset, l DeadLetter) {
		if f(l) {
			gone.Entries = append(gone.Entries, wal.Entry{Offset: at})
		}
	})
	if err != nil || gone.Len() == 0 {
		return 0, err
	}
	d.log.Reader(0).Bury(&gone)
	err = d.store()
	return gone.Len(), errors.Join(err, d.recount())
}

// Maintain gives up what is too old.
func (d *DeadLog) Maintain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log != nil {
		d.enforce(time.Now())
	}
}

// Close lets go of the files.
func (d *DeadLog) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log == nil {
		return nil
	}
	return d.log.Close()
}
