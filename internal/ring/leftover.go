package ring

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// Leftover is what an earlier process left in a ring file and the log lacks.
type Leftover struct {
	// Runs in the order of their offsets, all at or after the one asked for.
	// Offsets between them were evicted, as far as the first frame of a run says
	// so, or damaged.
	Runs []Run
	// Admitted is the youngest offset that was ever admitted, as far as is known.
	Admitted uint64
}

// PeekEpoch returns the epoch of the ring file at path, 0 if there is none.
func PeekEpoch(path string) (uint64, error) {
	b, err := fsx.ReadAt(nil, path, 0, pageSize)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	epoch, _ := fileEpoch(b)
	return epoch, err
}

// ReadLeftover finds the whole frames of an epoch, from the offset next on, in the
// ring file at path. A file that does not exist holds none. It is found by reading,
// not by mapping: a short file must not fault.
//
// The rule: a frame counts if its checksum does, wherever it stands. A frame that
// was not complete when the process died does not verify, and its Log had not
// returned; whole frames of earlier laps have offsets that the log has passed.
func ReadLeftover(path string, epoch, next uint64) (Leftover, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Leftover{}, nil
	}
	if err != nil {
		return Leftover{}, err
	}
	b, err := fsx.ReadAt(nil, path, 0, info.Size())
	if err != nil || len(b) < pageSize {
		return Leftover{}, err
	}
	var m struct{ admitted, from, behind uint64 }
	if known, ok := fileEpoch(b); ok && known == epoch {
		mark := marker{b[markAt:markEnd]}
		m.admitted = mark.admitted()
		m.from, m.behind = mark.evicted()
	}
	return leftover(b[pageSize:], frame.Seed(epoch), next, m.admitted, m.from, m.behind), nil
}

// leftover finds what is at or after next in mem, except for [from, behind), which
// was evicted and may still stand there.
func leftover(mem []byte, seed uint32, next, admitted, from, behind uint64) Leftover {
	from, behind = max(from, next), max(behind, next)
	var out Leftover
	if from < behind {
		out.Runs = scan(mem, seed, next, from)
	}
	rest := scan(mem, seed, behind, math.MaxUint64)
	if from < behind && len(rest) > 0 && rest[0].Base == behind {
		frame.Reskip(rest[0].Frames, saturate(behind-from), seed)
	}
	out.Runs = append(out.Runs, rest...)
	if n := len(out.Runs); n > 0 {
		out.Admitted = out.Runs[n-1].Base + uint64(out.Runs[n-1].Count) - 1
	}
	if admitted >= next && admitted-next < uint64(len(mem)) {
		out.Admitted = max(out.Admitted, admitted)
	}
	return out
}

// scan returns the dense runs of whole frames in [next, below), whatever their
// order in mem.
func scan(mem []byte, seed uint32, next, below uint64) []Run {
	type place struct {
		offset uint64
		at, to int
	}
	var found []place
	for at := 0; at+frame.HeaderSize <= len(mem); {
		h, n, ok := frame.Peek(mem[at:])
		if ok && h.Offset >= next && h.Offset < below {
			if _, _, ok := frame.Parse(mem[at:], seed); ok {
				found = append(found, place{h.Offset, at, at + frame.Size(n)})
				at += aligned(frame.Size(n))
				continue
			}
		}
		at += align
	}
	slices.SortFunc(found, func(a, b place) int {
		if a.offset < b.offset {
			return -1
		}
		return 1
	})
	var runs []Run
	for _, p := range found {
		if n := len(runs); n == 0 || runs[n-1].Base+uint64(runs[n-1].Count) != p.offset {
			runs = append(runs, Run{Base: p.offset})
		}
		run := &runs[len(runs)-1]
		run.Frames = append(run.Frames, mem[p.at:p.to]...)
		run.Count++
	}
	return runs
}
