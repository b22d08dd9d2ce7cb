package wal

import (
	"time"

	"github.com/stretchr/testify/require"
)

// act does one random thing to the log and to the oracle. It returns how the
// process ends, "" if it goes on.
func (c *cutter) act() (end string) {
	if c.log.poison != nil {
		switch c.rng.IntN(6) {
		case 0, 1:
			c.heal()
			return ""
		case 2:
			c.goOnFromMemory()
			return ""
		}
	}
	switch c.rng.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		c.append()
	case 6, 7, 8:
		c.sync()
	case 9, 10:
		c.deliver()
	case 11:
		c.evict()
	case 12:
		c.store(c.log.Reader(0).Checkpoint())
	case 13:
		c.tell("maintain")
		c.log.Maintain()
	case 14:
		c.tell("write back")
		c.medium.writeBack()
	case 15:
		c.tell("read")
		require.Equal(c.t, c.oracle.pending(c.readable()), c.readAll(), "exactly the pending records can be read")
	case 16:
		c.disk.failWrite, c.disk.failSync = c.rng.IntN(2) == 0, c.rng.IntN(2) == 0
		c.disk.failCreate, c.disk.short = c.rng.IntN(4) == 0, c.rng.IntN(2) == 0
		c.shadow.failNames = c.rng.IntN(4) == 0
		c.tell("the disk starts failing: %+v, names too %t", *c.disk, c.shadow.failNames)
	case 17:
		return c.close()
	case 18:
		c.tell("kill")
		return "kill"
	case 19:
		c.tell("power cut")
		return "power cut"
	}
	return ""
}

func (c *cutter) append() {
	skipped := c.rng.IntN(4) * c.rng.IntN(2)
	r := c.next(skipped)
	base, last := r.Base, r.Last()
	first := uint32(len(c.all.records)) - uint32(r.Count) + 1
	for o := base - Offset(skipped); o < base; o++ {
		c.oracle.live = append(c.oracle.live, entry{o, 0})
	}
	for o := base; o <= last; o++ {
		c.oracle.live = append(c.oracle.live, entry{o, first + uint32(o-base)})
	}
	c.medium.twice = c.medium.twice || base-Offset(skipped) <= c.oracle.assigned
	c.oracle.last, c.oracle.assigned = last, max(c.oracle.assigned, last)
	err := c.log.Append(r)
	c.tell("append %d to %d after %d: %v", base, last, skipped, err)
	if err != nil {
		require.ErrorIs(c.t, err, ErrPoisoned)
	}
	c.oracle.settle(c.log.Head()) // Holes at the head are settled.
}

func (c *cutter) evict() {
	var n uint64
	switch c.rng.IntN(4) {
	case 0:
		n = c.log.Reader(0).EvictBytes(c.rng.Int64N(2000))
	case 1:
		n = c.log.Reader(0).EvictBefore(time.Unix(0, int64(c.log.Head())+c.rng.Int64N(12)))
	default:
		n = c.log.Reader(0).Evict(uint64(c.rng.IntN(8)))
	}
	c.oracle.settle(c.log.Head())
	c.tell("evict %d: head %d", n, c.log.Head())
}

// goOnFromMemory lets what the disk did not take be delivered, or gives up the
// oldest of it.
func (c *cutter) goOnFromMemory() {
	if c.rng.IntN(2) == 0 {
		c.oracle.exposed = c.oracle.last
		c.log.Expose(c.oracle.exposed)
		c.tell("expose up to %d", c.oracle.exposed)
		return
	}
	synced := c.log.Synced()
	before := synced + Offset(c.rng.IntN(8))
	n := c.log.EvictUnsynced(before)
	c.oracle.punch(synced+1, before)
	c.tell("evict %d that are not synced, before %d", n, before)
}

// readable returns the offset up to which records can be read.
func (c *cutter) readable() Offset {
	if c.log.poison == nil {
		return c.log.Synced()
	}
	return max(c.log.Synced(), c.oracle.exposed)
}

func (c *cutter) sync() {
	err := c.log.Sync()
	c.tell("sync: %v", err)
	if err == nil && !(c.opts.NoSync && c.failed) {
		c.oracle.promise(c.oracle.last)
	}
}

func (c *cutter) heal() {
	if c.rng.IntN(2) == 0 {
		*c.disk, c.shadow.failNames = disk{}, false
	}
	err := c.log.Heal()
	c.tell("heal: %v", err)
	if d := c.disk; !d.failCreate && !d.failWrite && !d.failSync && !c.shadow.failNames {
		require.NoError(c.t, err, "a disk that is well heals")
	}
}

// deliver acks a batch and may store what that settles; a checkpoint on its way to
// the state file is not durable yet, and the log is not told.
func (c *cutter) deliver() {
	var b Batch
	require.NoError(c.t, c.log.Reader(0).Read(&b, 0, Limits{Records: 1 + c.rng.IntN(12)}))
	if b.Len() == 0 {
		c.tell("nothing to deliver")
		return
	}
	fromMemory := b.Last() > c.log.Synced()
	cp := c.log.Reader(0).Ack(&b)
	c.oracle.settle(c.log.Head())
	if fromMemory { // Only the state file knows of the ack then: none of it is in the log.
		c.store(cp)
		return
	}
	c.oracle.acked = max(c.oracle.acked, b.Last())
	switch c.rng.IntN(3) {
	case 0:
		c.tell("ack %d", b.Last())
	case 1:
		c.oracle.flying = &cp
		c.tell("ack %d, being stored", b.Last())
	case 2:
		c.tell("ack %d", b.Last())
		c.store(cp)
	}
}

func (c *cutter) store(cp Checkpoint) {
	c.tell("store %+v", cp)
	c.oracle.store(cp)
	c.log.Reader(0).Reclaim(cp)
}

// close is a clean shutdown, if the disk allows.
func (c *cutter) close() string {
	if c.rng.IntN(2) == 0 {
		*c.disk, c.shadow.failNames = disk{}, false
	}
	err := c.log.Close()
	c.tell("close: %v", err)
	if err == nil {
		if !(c.opts.NoSync && c.failed) {
			c.oracle.promise(c.oracle.last)
		}
		c.store(c.log.Reader(0).Checkpoint())
	}
	return "kill"
}
