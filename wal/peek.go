package wal

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// PeekEpoch returns the epoch of the youngest block in the log at dir, 0 if there
// is none: what to open the log with when nothing else remembers.
func PeekEpoch(dir string) (uint64, error) { return peekEpoch(dir, 0) }

// HoldsEpoch reports whether any block in the log at dir is of an epoch.
func HoldsEpoch(dir string, epoch uint64) (bool, error) {
	found, err := peekEpoch(dir, epoch)
	return found != 0, err
}

// peekEpoch returns the epoch of the youngest block, or of the youngest one that has
// the epoch asked for.
func peekEpoch(dir string, epoch uint64) (uint64, error) {
	_, found, err := listSegments(dir, epoch)
	return found, err
}

// listings is how often segments are listed anew that went before they could be read.
const listings = 10

// listSegments returns the segments in dir, none if it does not exist, and the epoch
// of the youngest block in them, as peekEpoch does. Beside a live process both have to
// come from one listing: segments of another one are not those that were looked at.
func listSegments(dir string, epoch uint64) (paths []segmentPath, found uint64, err error) {
	for range listings {
		paths, err = segmentPaths(dir)
		if errors.Is(err, os.ErrNotExist) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, wrap("list segments", err)
		}
		found, gone, err := youngestEpoch(paths, epoch)
		if found != 0 || err != nil || !gone {
			return paths, found, err
		}
	}
	return nil, 0, nil // They go faster than they can be read.
}

// youngestEpoch does what peekEpoch does for segments that were listed. It also tells
// whether one of them is gone by now.
func youngestEpoch(paths []segmentPath, epoch uint64) (found uint64, gone bool, err error) {
	for _, p := range slices.Backward(paths) {
		b, err := fsx.ReadAt(nil, p.path, 0, p.size)
		if errors.Is(err, os.ErrNotExist) {
			gone = true // Reclaimed by a live process meanwhile.
			continue
		}
		if err != nil {
			return 0, gone, wrap("peek epoch", fmt.Errorf("segment %d: %w", p.index, err))
		}
		for q := range b {
			if h, ok := parseBlockHeader(b[q:]); ok && (epoch == 0 || h.epoch == epoch) {
				return h.epoch, gone, nil
			}
		}
	}
	return 0, gone, nil
}
