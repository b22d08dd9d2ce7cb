//go:build linux && (amd64 || arm64)

package syscalls

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// pace says which points are swept: all in the long form (LEDGER_CRASH=long), else every
// step-th from a random one on, in every other scenario.
type pace struct {
	step int
	seed uint64
}

func newPace(t *testing.T, short int) pace {
	t.Helper()
	if form.Long() {
		return pace{step: 1}
	}
	return pace{step: short, seed: form.Seed(t)}
}

// first is the number of the first point.
func (p pace) first() int { return 1 + rand.New(rand.NewPCG(p.seed, 0)).IntN(p.step) }

// leavesOut tells whether the i-th scenario is not swept.
func (p pace) leavesOut(i int) bool {
	return p.step > 1 && (i+rand.New(rand.NewPCG(p.seed, 2)).IntN(2))%2 == 1
}

// either returns both values in the long form, and one by chance otherwise.
func (p pace) either() []bool {
	if p.step == 1 {
		return []bool{false, true}
	}
	return []bool{rand.New(rand.NewPCG(p.seed, 1)).IntN(2) == 0}
}

// requireGate skips the test where the kernel does not let a process put another's calls
// into its hands. In CI it must.
func requireGate(t *testing.T) {
	t.Helper()
	_, err := tryGate(t.Context(), t.TempDir(), []string{"/bin/true"}, nil, func(call) verdict { return pass })
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		require.NoError(t, err, "in CI this has to run")
	}
	t.Skipf("needs Linux 5.9 or later, and a sandbox that allows seccomp: %v", errors.Unwrap(err))
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}
