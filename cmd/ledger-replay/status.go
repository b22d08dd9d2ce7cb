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
	// Records are counted from the last stored checkpoint and the log on disk. While
	// a process is live, it has delivered more than the checkpoint says, and may
	// hold records in memory that are in no number here.
	Records balance `json:"records"`
	// OnDisk counts the records in the log, acked ones that are kept included.
	OnDisk        uint64           `json:"on_disk"`
	OldestPending *oldest          `json:"oldest_pending"` // null if nothing is pending
	Disk          disk             `json:"disk"`
	TornBytes     int64            `json:"torn_bytes"` // left by a write that was cut off; not damage
	Counters      sender.Counters  `json:"counters"`
	Resources     []resourceStatus `json:"resources"`
	Problems      []problem        `json:"problems"`
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
	Acked  wal.Offset `json:"acked"`
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
	Pending    uint64         `json:"pending"`
	Attributes map[string]any `json:"attributes"`
}

func (a *app) statusCommand() *cobra.Command {
	var out outputFlag
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say how a ledger directory stands",
		Long: `Say how the ledger directory DIR stands: who holds it, what was accepted and
what became of it, what waits and for how long, what it takes on disk, and what is
damaged.

While a process is live, everything that follows from its acks is as of the last
checkpoint that it stored, and records in its memory are not seen; ask the process
itself for the numbers of this moment.`,
		Example: `  ledger-replay status /var/lib/shop/ledger
  ledger-replay status /var/lib/shop/ledger --json | jq .records.pending`,
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
