package sender

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Snapshot is what a state file said at one moment.
type Snapshot struct {
	Identity Identity `json:"identity"`
	// Accounts by the names of the destinations, and of [DeadLetters].
	Accounts map[string]AccountSnapshot `json:"accounts"`
	// Resources by id, the bytes of an OTLP Resource message each.
	Resources map[uint32][]byte `json:"-"`
	// Holder is the process that owned the directory last. It may be gone.
	Holder Holder `json:"holder"`
}

// AccountSnapshot is what a state file said of one destination.
type AccountSnapshot struct {
	Checkpoint wal.Checkpoint `json:"checkpoint"`
	Counters   Counters       `json:"counters"`
	Learned    Learned        `json:"learned"`
}

const (
	readTries = 100
	readPause = time.Millisecond
)

// ReadState reads the state of a ledger directory and may be used beside the live
// process that owns it: it takes no lock, maps no memory and writes nothing.
//
// It returns an error that matches fs.ErrNotExist if there is no state,
// [ErrDamaged] if it cannot be understood, and a *[FormatError] if it is too new.
func ReadState(dir string) (Snapshot, error) {
	path := filepath.Join(dir, stateName)
	c, err := readStable(path, func() ([]byte, error) { return readRegular(path) })
	if err != nil {
		if newer, ok := errors.AsType[*FormatError](err); ok {
			return Snapshot{}, newer
		}
		return Snapshot{}, fmt.Errorf("sender: read %s: %w", path, err)
	}
	snap := Snapshot{Identity: c.id, Accounts: map[string]AccountSnapshot{}, Resources: c.resources}
	for name, a := range c.accounts {
		snap.Accounts[name] = AccountSnapshot{a.checkpoint, a.counters, a.learned}
	}
	if f, err := fsx.Open(filepath.Join(dir, holderName), os.O_RDONLY); err == nil {
		snap.Holder = parseHolder(f)
		_ = f.Close() // Nothing was written.
	}
	return snap, nil
}

// readStable reads the file until no transaction was committed between two reads.
// The first of them then holds one whole transaction: bbolt writes over the pages
// of a transaction only after the next one was committed.
func readStable(path string, read func() ([]byte, error)) (contents, error) {
	err := errors.New("the file changes too fast")
	pause := time.NewTicker(readPause)
	defer pause.Stop()
	data, readErr := read()
	for range readTries {
		if readErr != nil {
			return contents{}, readErr
		}
		next, nextErr := read()
		if was, is := lastCommit(data), lastCommit(next); was == is {
			c, badErr := readContents(path, data)
			if badErr == nil {
				return c, nil
			}
			err = badErr
			<-pause.C
		}
		data, readErr = next, nextErr
	}
	return contents{}, err
}

// lastCommit returns the number of the last transaction, 0 if the file has none.
func lastCommit(data []byte) uint64 {
	m, err := newestMeta(data)
	if err != nil {
		return 0
	}
	return m.txid
}
