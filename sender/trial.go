package sender

// A trial finds the records of a batch that a server refuses: the batch is halved, and
// halved again, until the records that are refused by themselves are known. That takes at
// most 2·log2(n) requests for each of them, besides the first.
//
// A server that refuses nearly everything is at fault itself, or we are: then nothing may
// be condemned, and delivery is held. A trial decides which it is. It does no I/O.
type trial struct {
	size     int // records of the batch
	open     int // pieces that are not decided
	accepted int // pieces that the server took
	guilty   int // records that were refused by themselves
	// excused says that the server took other records after it had seemed at fault: now
	// it is the records, however many.
	excused bool
	// aborted says that the endpoint is at fault: the pieces are put together again.
	aborted bool
	// bySize says that the batch was refused for its size, largest is the bytes of the
	// largest piece that was accepted.
	bySize  bool
	largest int
}

type verdict uint8

const (
	undecided verdict = iota
	// endpointAtFault: nothing says that it is the records.
	endpointAtFault
	// over: the guilty records, if any, are guilty.
	over
)

// suspicious is how many records in a row may be refused by themselves while nothing else
// is accepted. One more, and it is not the records.
const suspicious = 2

// judge decides what the trial has come to. before is how many records were condemned
// since the server last took anything.
func (t *trial) judge(before int) verdict {
	switch {
	case t.excused && t.open > 0:
		return undecided
	case t.excused:
		return over
	case t.accepted == 0 && t.guilty > suspicious:
		return endpointAtFault
	case t.open > 0:
		return undecided
	case t.size > suspicious && 2*t.guilty > t.size:
		return endpointAtFault
	case t.accepted == 0 && before+t.guilty > suspicious:
		return endpointAtFault
	}
	return over
}

// samples reports whether, instead of the next piece, a single record from the middle of
// the largest should be tried: one record was refused and nothing was accepted yet, and
// neighbours are too alike to tell much.
func (t *trial) samples() bool { return t.accepted == 0 && t.guilty > 0 && !t.excused }
