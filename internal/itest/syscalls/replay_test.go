//go:build linux && (amd64 || arm64)

package syscalls

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// The operator's tool cannot be killed at a bad moment: it makes no call that changes the
// directory, whatever state that is in (R1).
func TestReplayChangesNothing(t *testing.T) {
	requireGate(t)
	root, err := harness.Root(t.Context())
	require.NoError(t, err)
	tool, err := harness.Build(t.Context(), root, "./cmd/ledger-replay", filepath.Join(t.TempDir(), "ledger-replay"))
	require.NoError(t, err)

	runs, seen := 0, 0
	for name, prepare := range map[string]func(*testing.T) past{
		"closed": closedBefore, "killed": killedBefore, "damaged": damagedBefore, "without state": stateLostBefore,
	} {
		if !form.Long() && (name == "closed" || name == "damaged") {
			continue // The other two hold what these do.
		}
		t.Run(name, func(t *testing.T) {
			before := prepare(t)
			for _, command := range []string{"status", "cat", "dry run", "replay"} {
				dir, srv := before.copy(t), newSink(t)
				args := []string{tool, command, dir}
				switch command {
				case "dry run":
					args = []string{tool, "replay", dir, "--to", srv.URL, "--dry-run"}
				case "replay":
					args = append(args, "--to", srv.URL, "--yes")
				}
				r := behindGate(t, dir, args, nil, func(call) verdict { return pass })
				runs++
				for _, c := range r.trace {
					if seen++; c.name != "print" {
						assert.True(t, passive(c.name), "%v: %s", command, c)
					}
				}
				ids, _ := srv.arrived()
				assert.Equal(t, command == "replay", len(ids) > 0, "it did its work\n%v", r)
			}
		})
	}
	require.NotZero(t, seen, "the gate saw it open and close files")
	if !t.Failed() {
		form.Fault(t, "SIGKILL at every system call", "ledger-replay: %d runs, no call that changes a directory to be killed at", runs)
	}
}
