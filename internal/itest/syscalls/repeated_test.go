//go:build linux && (amd64 || arm64)

package syscalls

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// repeats returns the calls that treat a failed write or sync as if it could succeed
// later (E2, W6). The rules, for a file that a write or a sync failed on:
//
//   - Nothing is written to it again, through any descriptor, until its name stands for
//     another file.
//   - Its descriptor is only closed. The underlying log syncs once more when it closes;
//     nobody looks at the outcome, so that one sync is let pass if nothing but the close
//     follows it.
//   - It may be cut, through a new descriptor: ftruncate, sync, close. What is synced then
//     is the length; the bytes in front of the cut were synced before anything failed.
//   - It is not renamed to where it counts, only to quarantine.
//
// A file that is made under the name state.db.new has promised nothing yet: it need only
// not get its name. state.db itself is bbolt's: pages are written in place of others, and a commit that failed is
// followed by one that writes its pages and its own meta page anew. So there a sync may
// follow, but not without a write in between.
//
// The next client of a directory, which begins by locking it, knows nothing of this: it
// reads what is there, and rules of its own begin.
//
// Directories are left out: what a sync of one covers is a list of names, of which each
// attempt makes a new one.
func repeats(trace []call) []string {
	files := map[string]*failedFile{}
	var found []string
	for i, c := range trace {
		f := files[c.path]
		switch {
		case c.name == "flock" && c.path == "holder":
			clear(files)
		case c.name == "print" || isDirectory(c.path):
			continue
		case f == nil:
		case c.name == "renameat" && !strings.HasPrefix(c.to, "quarantine/"):
			found = append(found, fmt.Sprintf("%d: %s: the file had failed", i+1, c))
		default:
			if why := f.wrong(c); why != "" {
				found = append(found, fmt.Sprintf("%d: %s: %s", i+1, c, why))
			}
		}
		if c.verdict == fail {
			if f == nil && (writes(c) || syncs(c)) {
				files[c.path] = &failedFile{fd: c.fd, kind: kindOf(c.path)}
			} else if f != nil && syncs(c) {
				f.written = false
			}
		} else if slices.Contains([]string{"openat", "unlinkat", "renameat"}, c.name) {
			delete(files, c.path)
		}
	}
	return found
}

func writes(c call) bool { return strings.Contains(c.name, "write") }

func syncs(c call) bool { return c.name == "fsync" || c.name == "fdatasync" }

func isDirectory(path string) bool { return path == "." || path == "wal" || path == "quarantine" }

// kind of a file, as the rules go.
type kind uint8

const (
	plain kind = iota
	bolt
	unborn
)

func kindOf(path string) kind {
	switch path {
	case "state.db":
		return bolt
	case "state.db.new":
		return unborn
	}
	return plain
}

// failedFile is what may still be done to a file.
type failedFile struct {
	kind    kind
	fd      int // through which it failed; -1 when that is closed
	closing bool
	cut     []int // other descriptors that have cut it
	written bool  // bolt: since the failure
}

// wrong says why a call is one too many, "" if it is in order.
func (f *failedFile) wrong(c call) string {
	switch {
	case f.kind == unborn:
	case f.kind == bolt && writes(c):
		f.written = true
	case f.kind == bolt && syncs(c) && !f.written:
		return "synced again, with nothing new in it"
	case f.kind == bolt:
	case c.name == "close":
		if c.fd == f.fd {
			f.fd = -1
		}
		f.cut = slices.DeleteFunc(f.cut, func(fd int) bool { return fd == c.fd })
	case writes(c):
		return "written to after it had failed"
	case c.name == "ftruncate" && c.fd == f.fd:
		return "touched through the descriptor that had failed"
	case c.name == "ftruncate":
		f.cut = append(f.cut, c.fd)
	case syncs(c) && c.fd == f.fd && !f.closing:
		f.closing = true
	case syncs(c) && !slices.Contains(f.cut, c.fd):
		return "synced after it had failed"
	}
	return ""
}

func TestRepeatsAreFound(t *testing.T) {
	const seg, other = "wal/00000000000000000001", "wal/00000000000000000002"
	at := func(name, path string, fd int) call { return call{name: name, path: path, fd: fd} }
	failed := func(c call) call { c.verdict = fail; return c }
	moved := func(from, to string) call { return call{name: "renameat", path: from, to: to, fd: -1} }
	bad := failed(at("fsync", seg, 7))
	for name, tt := range map[string]struct {
		trace []call
		want  string // part of the one finding; "" is none
	}{
		"nothing failed":                  {[]call{at("write", seg, 7), at("fsync", seg, 7), at("fsync", seg, 7)}, ""},
		"closed, another is written":      {[]call{bad, at("close", seg, 7), at("write", other, 8), at("fsync", other, 8)}, ""},
		"synced by its close":             {[]call{bad, at("fsync", seg, 7), at("close", seg, 7)}, ""},
		"synced by its close, in vain":    {[]call{bad, failed(at("fsync", seg, 7)), at("write", other, 8)}, ""},
		"synced twice more":               {[]call{bad, at("fsync", seg, 7), at("fsync", seg, 7)}, "3: fsync"},
		"synced through another":          {[]call{bad, at("close", seg, 7), at("fsync", seg, 8)}, "synced after"},
		"written again":                   {[]call{bad, at("write", seg, 7)}, "written to"},
		"written through another":         {[]call{bad, at("close", seg, 7), at("write", seg, 9)}, "written to"},
		"written after a failed write":    {[]call{failed(at("write", seg, 7)), at("write", seg, 7)}, "written to"},
		"synced after a failed write":     {[]call{failed(at("write", seg, 7)), at("close", seg, 7), at("fdatasync", seg, 7)}, "synced after"},
		"cut":                             {[]call{bad, at("close", seg, 7), at("ftruncate", seg, 7), at("fsync", seg, 7), at("close", seg, 7)}, ""},
		"cut through the same":            {[]call{bad, at("ftruncate", seg, 7)}, "touched"},
		"cut, then synced by another":     {[]call{bad, at("close", seg, 7), at("ftruncate", seg, 8), at("close", seg, 8), at("fsync", seg, 8)}, "synced after"},
		"removed and made anew":           {[]call{bad, at("unlinkat", seg, -1), at("openat", seg, -1), at("write", seg, 7), at("fsync", seg, 7)}, ""},
		"removed in vain":                 {[]call{bad, failed(at("unlinkat", seg, -1)), at("write", seg, 8)}, "written to"},
		"put in its place":                {[]call{failed(at("fsync", "ring.new", 7)), moved("ring.new", "ring")}, "the file had failed"},
		"set aside":                       {[]call{bad, moved(seg, "quarantine/x")}, ""},
		"a directory":                     {[]call{failed(at("fsync", "wal", 7)), at("fsync", "wal", 7)}, ""},
		"synced by the next client":       {[]call{bad, at("flock", "holder", 3), at("fsync", seg, 8)}, ""},
		"state.db committed again":        {[]call{failed(at("fdatasync", "state.db", 7)), at("pwrite64", "state.db", 7), at("fdatasync", "state.db", 7)}, ""},
		"state.db synced again":           {[]call{failed(at("fdatasync", "state.db", 7)), at("fdatasync", "state.db", 7)}, "nothing new"},
		"state.db synced again, twice":    {[]call{failed(at("fdatasync", "state.db", 7)), at("pwrite64", "state.db", 7), failed(at("fdatasync", "state.db", 7)), at("fdatasync", "state.db", 7)}, "nothing new"},
		"half a state.db is left alone":   {[]call{failed(at("fsync", "state.db.new", 7)), at("fsync", "state.db.new", 7)}, ""},
		"half a state.db gets its name":   {[]call{failed(at("pwrite64", "state.db.new", 7)), moved("state.db.new", "state.db")}, "the file had failed"},
		"a failed state.db is set aside":  {[]call{failed(at("pwrite64", "state.db", 7)), moved("state.db", "quarantine/state.db.1")}, ""},
		"a print looks like a write to 1": {[]call{bad, at("print", seg, 1)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := repeats(tt.trace)
			if tt.want == "" {
				assert.Empty(t, found)
				return
			}
			if assert.Len(t, found, 1) {
				assert.Contains(t, found[0], tt.want)
			}
		})
	}
}
