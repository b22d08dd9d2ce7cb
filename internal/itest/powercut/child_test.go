//go:build linux

package powercut

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// life is what a process on the disk does until the power is cut, as JSON in
// childEnv.
type life struct {
	Seed   uint64
	Number int
	Dir    string // on the disk
	URL    string // of the log server; none for the program that uses wal alone
	// SyncOdds is that the program syncs after every so manieth burst.
	SyncOdds   int
	Durability ledger.Durability
	MaxRecords int
	MaxBytes   int64
	UseWAL     bool
}

// budget is what a life logs at most, in bytes: less than the ring holds, so that no
// record is given up because the disk is slow.
const budget = 256 << 10

// childMain lives until it is killed. What it says on its standard output is in
// verdict_test.go, with what it means.
func childMain() int {
	var l life
	err := json.Unmarshal([]byte(os.Getenv(childEnv)), &l)
	if err == nil {
		stop := writeBack(l.Dir, rand.New(rand.NewPCG(l.Seed, uint64(l.Number)|1<<32)))
		defer stop()
		if l.UseWAL {
			err = l.runWAL()
		} else {
			err = l.runLedger()
		}
	}
	say("error", err)
	return 1
}

func say(what string, about any) {
	_, _ = fmt.Fprintln(os.Stdout, what, about) // Who hears nothing learns of no promise.
}

// random returns the source of what a life does.
func (l life) random() *rand.Rand { return rand.New(rand.NewPCG(l.Seed, uint64(l.Number))) }

// text is the record that a life logs at an offset. Nobody else's has the same bytes,
// and whoever has the seed can tell it from a damaged one.
func text(seed uint64, life int, offset uint64) string {
	r := rand.New(rand.NewPCG(seed^offset, uint64(life)))
	n := r.IntN(400)
	if r.IntN(50) == 0 {
		n = 4000 + r.IntN(4000) // More than a page, so that it can be torn at one.
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d/", life, offset)
	for b.Len() < n {
		fmt.Fprintf(&b, "%016x", r.Uint64())
	}
	return b.String()
}
