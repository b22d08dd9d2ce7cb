package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// status is the document of the status command. Its fields are a promise.
type status struct {
	SchemaVersion int       `json:"schema_version"`
	Dir           string    `json:"dir"`
	Time          time.Time `json:"time"` // of this look
	Owner         owner     `json:"owner"`
	Log           identity  `json:"log"`
	Offsets       offsets   `json:"offsets"`
	// Destinations by name. What is said of them follows from the last stored
	// checkpoints and the log on disk. While a process is live, it has delivered more
	// than the checkpoints say, and may hold records in memory that are in no number here.
	Destinations []destinationStatus `json:"destinations"`
	DeadLetters  deadStatus          `json:"dead_letters"`
	// OnDisk counts the records in the log, acked ones that are kept included.
	OnDisk    uint64           `json:"on_disk"`
	Disk      disk             `json:"disk"`
	TornBytes int64            `json:"torn_bytes"` // left by a write that was cut off; not damage
	Resources []resourceStatus `json:"resources"`
	Problems  []problem        `json:"problems"`
}

// destinationStatus is how one destination stands.
type destinationStatus struct {
	Name string `json:"name"`
	// Start is the offset behind which the destination joined, Acked the one up to which
	// everything is settled for it.
	Start wal.Offset `json:"start"`
	Acked wal.Offset `json:"acked"`
	// AheadRecords in AheadRuns were settled out of their turn, behind Acked.
	AheadRecords uint64 `json:"ahead_records"`
	AheadRuns    int    `json:"ahead_runs"`
	// Records obeys L2: accepted = delivered + pending + dead + evicted + lost.
	Records balance `json:"records"`
	// HoldsBack is how many of the pending records another destination is done with:
	// they stay on disk because of this one.
	HoldsBack     uint64         `json:"holds_back"`
	OldestPending *oldest        `json:"oldest_pending"` // null if nothing is pending
	Learned       sender.Learned `json:"learned"`        // of the server's limits
	// Counters say, among other things, how many records ever became dead letters, by
	// reason, and how many of those were delivered after all (redriven).
	Counters sender.Counters `json:"counters"`
}

// deadStatus is how the dead letters stand.
type deadStatus struct {
	Waiting uint64 `json:"waiting"`
	// ByReason are those that wait, by destination and reason.
	ByReason []deadReason `json:"by_reason"`
	// Bytes of those that wait, DiskBytes of the files.
	Bytes     int64 `json:"bytes"`
	DiskBytes int64 `json:"disk_bytes"`
	// Unreadable ones wait and are in no reason.
	Unreadable uint64 `json:"unreadable"`
	// Over the life of the directory: Redriven were delivered after all, Dropped went
	// because of the limits on dead letters, Forgotten on purpose, Lost were damaged.
	Redriven  uint64 `json:"redriven"`
	Dropped   uint64 `json:"dropped"`
	Forgotten uint64 `json:"forgotten"`
	Lost      uint64 `json:"lost"`
}

// deadReason counts the letters of a destination that have one reason.
type deadReason struct {
	Destination string `json:"destination"`
	Reason      string `json:"reason"`
	Letters     uint64 `json:"letters"`
	// OldestAttempt is when the one that waits longest was sent last.
	OldestAttempt time.Time `json:"oldest_attempt"`
}

// owner is the process that holds the directory, or held it last.
type owner struct {
	// Live is null on systems that cannot tell.
	Live *bool `json:"live"`
	sender.Holder
}

// identity of the log; the numbers are hexadecimal, because JSON's are not exact.
type identity struct {
	ID      string    `json:"id"` // "" if state.db cannot be read
	Epoch   string    `json:"epoch"`
	Created time.Time `json:"created,omitzero"`
}

type offsets struct {
	First wal.Offset `json:"first"` // of the records on disk, 0 if there are none
	Last  wal.Offset `json:"last"`
	// Synced is, while a process is live, what the last checkpoint says.
	Synced wal.Offset `json:"synced"`
	// Acked is where the destination is that is behind the others.
	Acked wal.Offset `json:"acked"`
}

type oldest struct {
	Offset     wal.Offset `json:"offset"`
	Time       time.Time  `json:"time"` // of admission
	AgeSeconds float64    `json:"age_seconds"`
}

type disk struct {
	Bytes           int64 `json:"bytes"` // of all files in the directory
	LogBytes        int64 `json:"log_bytes"`
	Segments        int   `json:"segments"`
	QuarantineFiles int   `json:"quarantine_files"`
	QuarantineBytes int64 `json:"quarantine_bytes"`
}

// resourceStatus is a process, or a version of one, that logged. Attributes are
// null if nobody knows them.
type resourceStatus struct {
	ID         string         `json:"id"`
	Records    uint64         `json:"records"` // on disk
	Pending    uint64         `json:"pending"` // for one destination at least
	Attributes map[string]any `json:"attributes"`
}

func (a *app) statusCommand() *cobra.Command {
	var out outputFlag
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say how a ledger directory stands",
		Long: `Say how the ledger directory DIR stands: who holds it, what was accepted and
what became of it for each destination, what waits and for how long, which dead
letters there are and why, what it takes on disk, and what is damaged.

While a process is live, everything that follows from its acks is as of the last
checkpoint that it stored, and records in its memory are not seen; ask the process
itself for the numbers of this moment.`,
		Example: `  ledger-replay status /var/lib/shop/ledger
  ledger-replay status /var/lib/shop/ledger --json | jq '.destinations[].records.pending'`,
		Args:              oneDir,
		ValidArgsFunction: dirArg,
		RunE: a.begin(func(cmd *cobra.Command, args []string) error {
			asJSON, err := out.isJSON()
			if err != nil {
				return err
			}
			d, err := openDirectory(args[0])
			if err != nil {
				return err
			}
			st, err := collect(cmd.Context(), d, a.now())
			if err != nil {
				return err
			}
			if asJSON {
				err = a.ui.document(st)
			} else {
				err = writeStatus(a.ui.out, st)
			}
			if err == nil && len(st.Problems) > 0 {
				err = &exitError{code: exitDamage} // The output names them.
			}
			return err
		}),
	}
	out.add(cmd, "table", "json")
	return cmd
}
