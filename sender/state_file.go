package sender

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

const (
	stateName = "state.db"
	// newName is where a state file is made. It gets its name when it is whole, so
	// that a crash never leaves half a state file behind.
	newName        = "state.db.new"
	quarantineName = "quarantine"
	// maxStateSize bounds what is read into memory. A real file has some 200 KiB.
	maxStateSize = 64 << 20
	// reserve is how many bytes of free pages a new file has. A save then finds
	// room inside the file when the disk is full.
	reserve = 64 << 10
)

// errFault is matched by what [contain] made of a panic.
var errFault = errors.New("state file fault")

// contain runs f and turns a panic, and a fault of mapped memory (the file was
// cut by someone, or the disk failed), into an error that matches errFault.
func contain(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errFault, v)
		}
	}()
	return f()
}

// openBolt opens a state file for writing, whose bytes [readImage] has accepted.
func openBolt(path string, open func(path string) (*os.File, error)) (db *bbolt.DB, err error) {
	err = contain(func() error {
		db, err = bbolt.Open(path, fsx.FileMode, &bbolt.Options{
			Timeout:      lockWait,
			NoStatistics: true,
			OpenFile:     func(path string, _ int, _ os.FileMode) (*os.File, error) { return open(path) },
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

func openExisting(path string) (*os.File, error) { return fsx.Open(path, os.O_RDWR) }

// verify runs bbolt's own check over the whole file. An error matches ErrDamaged.
func verify(db *bbolt.DB) error {
	return contain(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			var first error
			for err := range tx.Check() { // It has to be drained to the end.
				if first == nil {
					first = fmt.Errorf("%w: %w", ErrDamaged, err)
				}
			}
			return first
		})
	})
}

// create makes a state file that says c, and returns it open. The file gets its
// name when it is whole and durable; a file that has the name goes to quarantine
// just before, and old says where it went.
func create(dir string, c contents) (db *bbolt.DB, old string, err error) {
	path, temp := filepath.Join(dir, stateName), filepath.Join(dir, newName)
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	db, err = openBolt(temp, fsx.Create)
	if err != nil {
		return nil, "", err
	}
	err = contain(func() error {
		fill := func(tx *bbolt.Tx) error { return encode(tx, c) }
		return errors.Join(db.Update(fill), db.Update(takeReserve), db.Update(freeReserve), db.Close())
	})
	if err != nil {
		return nil, "", err
	}
	if old, err = quarantine(dir); err != nil {
		return nil, old, err
	}
	if err = errors.Join(os.Rename(temp, path), fsx.SyncDir(dir)); err != nil {
		return nil, old, err
	}
	db, err = openBolt(path, openExisting)
	return db, old, err
}

// takeReserve writes real bytes, so that the file system gives the file blocks,
// and freeReserve turns them into free pages of the file.
func takeReserve(tx *bbolt.Tx) error {
	b, err := tx.CreateBucket([]byte("reserve"))
	if err != nil {
		return err
	}
	return b.Put([]byte("bytes"), make([]byte, reserve))
}

func freeReserve(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("reserve")) }

// quarantine moves state.db to a name of its own under quarantine/, where nothing
// is overwritten and nothing ever deleted (W7). It returns "" if there is no file.
func quarantine(dir string) (string, error) {
	path, to := filepath.Join(dir, stateName), filepath.Join(dir, quarantineName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if err := fsx.MkdirAll(to); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		free := filepath.Join(to, fmt.Sprintf("%s.%d", stateName, n))
		if _, err := os.Lstat(free); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		return free, errors.Join(os.Rename(path, free), fsx.SyncDir(to), fsx.SyncDir(dir))
	}
}

// write commits a change of the file, and then of what is in memory.
//
// An I/O error leaves the file usable: bbolt takes new pages for every commit, so
// a later one does not rest on what an earlier one failed to write. After a fault
// that is no longer sure; the file is left alone then and the next write makes a
// new one from memory, which knows everything. s.mu is held.
func (s *State) write(next contents, change func(*bbolt.Tx) error) error {
	if s.closed {
		return ErrClosed
	}
	if s.db == nil {
		db, old, err := create(s.dir, s.c)
		if err != nil {
			return err
		}
		s.db = db
		s.recovered = recoveredText(old, errFault)
	}
	err := contain(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error { return errors.Join(change(tx), encodeTotals(tx, next)) })
	})
	if errors.Is(err, errFault) {
		s.db = nil // Not closed: after a panic bbolt may never give its lock back.
	}
	if err == nil {
		s.c = next
	}
	return err
}

func recoveredText(old string, cause error) string {
	if old == "" {
		return ""
	}
	return fmt.Sprintf("%s, moved to %s at %s", cause, old, time.Now().UTC().Format(time.RFC3339))
}
