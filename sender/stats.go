package sender

import "github.com/ledger-sdk/ledger-go/wal"

// Stats are numbers about delivery at one moment.
type Stats struct {
	// Counters over all runs of the program.
	Counters
	// Read is the offset up to which records were read to be sent, Acked the one
	// up to which they are settled and, as far as they were delivered, durably so.
	Read  wal.Offset `json:"read"`
	Acked wal.Offset `json:"acked"`
	// InFlight requests are under way, Waiting batches are to be sent again.
	InFlight int `json:"in_flight"`
	Waiting  int `json:"waiting"`
	// Condemned batches wait for their dead letters to be durable.
	Condemned int `json:"condemned"`
	// Window is how many requests may be under way now.
	Window int `json:"window"`
	// Learned limits of the server.
	Learned Learned `json:"learned"`
}
