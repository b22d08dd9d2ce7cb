package sender

// Counters say what delivery cost. They are kept in the state file and grow over
// all runs of the program. How many records were delivered is not among them:
// that follows from the checkpoint and so cannot drift.
type Counters struct {
	// Requests that were sent.
	Requests uint64 `json:"requests"`
	// Retries are requests that carried a batch again.
	Retries uint64 `json:"retries"`
	// Failures are requests that ended in a temporary failure.
	Failures uint64 `json:"failures"`
	// Throttles are answers that asked for a pause.
	Throttles uint64 `json:"throttles"`
	// Holds are answers that stopped delivery until something is fixed.
	Holds uint64 `json:"holds"`
	// Resent counts records that were sent again.
	Resent uint64 `json:"resent"`
	// Ambiguous counts requests whose body was written but that got no answer:
	// the server may have stored them.
	Ambiguous uint64 `json:"ambiguous"`
	// AmbiguousRecords counts the records of those: as many duplicates as a
	// server that does not look at record IDs can have stored at most, if nothing
	// answers in its stead. Behind a proxy a 502 or 504 may hide that it stored a
	// batch; Resent bounds those.
	AmbiguousRecords uint64 `json:"ambiguous_records"`
	// Splits are batches that were divided to find the records that a server refuses, or
	// because it refused the size.
	Splits uint64 `json:"splits"`
	// Rejected, TooLarge, Partial and Quota count the records that became dead letters,
	// by reason; see [DeadRejected] and the others. Redriven counts those that a server
	// has taken since.
	Rejected uint64 `json:"rejected"`
	TooLarge uint64 `json:"too_large"`
	Partial  uint64 `json:"partial"`
	Quota    uint64 `json:"quota"`
	Redriven uint64 `json:"redriven"`
	// Refused is how many records servers said they refused in answers that did not say
	// which: at least so many of the Partial and Quota ones were not stored.
	Refused uint64 `json:"refused"`
	// Bytes of request bodies as sent, RawBytes before compression.
	Bytes    uint64 `json:"bytes"`
	RawBytes uint64 `json:"raw_bytes"`
}

// each calls fn for every counter with the name it is stored under.
func (c *Counters) each(fn func(name string, v *uint64)) {
	fn("requests", &c.Requests)
	fn("retries", &c.Retries)
	fn("failures", &c.Failures)
	fn("throttles", &c.Throttles)
	fn("holds", &c.Holds)
	fn("resent", &c.Resent)
	fn("ambiguous", &c.Ambiguous)
	fn("ambiguous_records", &c.AmbiguousRecords)
	fn("splits", &c.Splits)
	fn("rejected", &c.Rejected)
	fn("too_large", &c.TooLarge)
	fn("partial", &c.Partial)
	fn("quota", &c.Quota)
	fn("redriven", &c.Redriven)
	fn("refused", &c.Refused)
	fn("bytes", &c.Bytes)
	fn("raw_bytes", &c.RawBytes)
}

// plus returns the sum of c and d.
func (c Counters) plus(d Counters) Counters {
	add := make([]uint64, 0, 20)
	d.each(func(_ string, v *uint64) { add = append(add, *v) })
	i := 0
	c.each(func(_ string, v *uint64) { *v += add[i]; i++ })
	return c
}

// dead returns the counter of a reason.
func (c *Counters) dead(reason string) *uint64 {
	switch reason {
	case DeadTooLarge:
		return &c.TooLarge
	case DeadPartial:
		return &c.Partial
	case DeadQuota:
		return &c.Quota
	}
	return &c.Rejected
}
