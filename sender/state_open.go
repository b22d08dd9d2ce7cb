package sender

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// OpenState opens the state of a ledger directory, or makes both, and becomes the
// directory's only owner (W8) until [State.Close].
//
// A state file that cannot be read moves to <dir>/quarantine and a new one takes
// its place: the log is then sent again from its first offset, which costs
// duplicates and never a record. Only an error of the system stops it, and these:
// *[LockedError] if another process owns the directory, *[FormatError] if a newer
// version of this library wrote the file.
func OpenState(dir string) (*State, error) {
	if err := fsx.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("sender: open %s: %w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &State{dir: dir, lock: lock}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *State) open() error {
	path := filepath.Join(s.dir, stateName)
	db, c, err := openReadable(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) {
		c = newContents()
		var old string
		if db, old, err = createAnew(s.dir, c, err); err == nil {
			s.recovered = old
		}
	}
	newer, tooNew := errors.AsType[*FormatError](err)
	switch {
	case tooNew:
		return newer
	case errors.Is(err, berrors.ErrTimeout):
		return &LockedError{Dir: s.dir, Holder: Holder{}}
	case err != nil:
		return fmt.Errorf("sender: open %s: %w", path, err)
	}
	s.db, s.c = db, c
	return nil
}

func createAnew(dir string, c contents, cause error) (db *bbolt.DB, recovered string, err error) {
	db, old, err := create(dir, c)
	return db, recoveredText(old, cause), err
}

// openReadable opens a state file that is whole. The error matches ErrDamaged if
// the fault is in the file's bytes, and is a *FormatError if they are too new.
func openReadable(path string) (*bbolt.DB, contents, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, contents{}, err
	}
	c, err := readContents(path, data)
	if err != nil {
		return nil, contents{}, err
	}
	db, err := openBolt(path, openExisting)
	if err == nil {
		if err = verify(db); err != nil && !errors.Is(err, errFault) {
			err = errors.Join(err, db.Close())
		}
	}
	if errors.Is(err, errFault) { // Then bbolt is left as it is: it may never give its locks back.
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return db, c, err
}

// readContents understands the bytes of a state file.
func readContents(path string, data []byte) (contents, error) {
	top, err := readImage(data)
	if err != nil {
		return contents{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if found, err := decodeFormat(top); err == nil && found > stateFormat {
		return contents{}, &FormatError{Path: path, Found: found, Known: stateFormat}
	}
	c, err := decode(top)
	if err != nil {
		return contents{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return c, nil
}

// readRegular reads a state file. It refuses links and devices: what they lead to
// is not ours to move.
func readRegular(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fsx.ErrSymlink
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case info.Size() > maxStateSize:
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, info.Size())
	}
	f, err := fsx.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxStateSize))
	return data, errors.Join(err, f.Close())
}
