package sender

import (
	"bytes"
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
	Identity   Identity       `json:"identity"`
	Checkpoint wal.Checkpoint `json:"checkpoint"`
	Counters   Counters       `json:"counters"`
	// Resources by id, the bytes of an OTLP Resource message each.
	Resources map[uint32][]byte `json:"-"`
	// Holder is the process that owned the directory last. It may be gone.
	Holder Holder `json:"holder"`
}

const (
	readTries = 50
	readPause = 2 * time.Millisecond
)

// ReadState reads the state of a ledger directory and may be used beside the live
// process that owns it: it takes no lock, maps no memory and writes nothing.
//
// It returns an error that matches fs.ErrNotExist if there is no state,
// [ErrDamaged] if it cannot be understood, and a *[FormatError] if it is too new.
func ReadState(dir string) (Snapshot, error) {
	path := filepath.Join(dir, stateName)
	c, err := readStable(path)
	if err != nil {
		var newer *FormatError
		if errors.As(err, &newer) {
			return Snapshot{}, err
		}
		return Snapshot{}, fmt.Errorf("sender: read %s: %w", path, err)
	}
	snap := Snapshot{Identity: c.id, Checkpoint: c.checkpoint, Counters: c.counters, Resources: c.resources}
	if f, err := fsx.Open(filepath.Join(dir, holderName), os.O_RDONLY); err == nil {
		snap.Holder = parseHolder(f)
		_ = f.Close() // Nothing was written.
	}
	return snap, nil
}

// readStable reads the file until two reads in a row agree, so that no
// transaction was being written between its first byte and its last, and the
// bytes make sense.
func readStable(path string) (contents, error) {
	var last []byte
	var c contents
	err := errors.New("the file changes too fast")
	for range readTries {
		data, readErr := readRegular(path)
		if readErr != nil {
			return contents{}, readErr
		}
		if last != nil && bytes.Equal(data, last) {
			if c, err = readContents(path, data); err == nil {
				return c, nil
			}
		}
		last = data
		time.Sleep(readPause)
	}
	return c, err
}
