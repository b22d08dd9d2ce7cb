package wal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// Random histories over a medium that keeps apart what is durable and what is not,
// with power cuts and kills before any change of the directory, also in the middle
// of a recovery. After each the next process must find every record that was
// promised, nothing that was never written, and go on. See [medium] for the disk
// and [oracle] for the promises.
func TestPowerCutModel_W1_W2_W3_W5_W6_W7_L2(t *testing.T) {
	first, histories := form.Histories(t, 200, 20_000)
	deadline := time.Now().Add(3 * time.Minute)
	var sum tallied
	root := form.Scratch(t)
	seed := first
	for ; seed < first+uint64(histories) && time.Now().Before(deadline); seed++ {
		sum.add(powerCuts(t, root, seed))
	}
	form.Fault(t, "power cut", "model: %d histories, %d power cuts, %d kills, %d of them during recovery, %d records checked, 0 lost",
		seed-first, sum.cuts, sum.kills, sum.nested, sum.records)
}

// tallied counts what was done.
type tallied struct{ cuts, kills, nested, records int }

func (s *tallied) add(o tallied) {
	s.cuts += o.cuts
	s.kills += o.kills
	s.nested += o.nested
	s.records += o.records
}

// powerCuts goes through the history of one seed.
func powerCuts(t *testing.T, root string, seed uint64) tallied {
	t.Helper()
	c := &cutter{rng: rand.New(rand.NewPCG(seed, 11))}
	defer func() {
		if t.Failed() {
			t.Logf("LEDGER_SEED=%d repeats this history:\n%s", seed, c.story)
		}
	}()
	c.begin(t, filepath.Join(root, strconv.FormatUint(seed, 10)))
	for range 40 {
		c.step()
	}
	c.leave()
	c.medium.equal(t, c.root)
	require.NoError(t, os.RemoveAll(c.root))
	return c.done
}

// cutter is a log on a medium, and who cuts the power.
type cutter struct {
	*bed
	rng    *rand.Rand
	medium *medium
	shadow *shadowed
	oracle oracle
	all    witness
	tree   *medium // as the directory is, which may be further than a copy of the medium
	done   tallied
	story  string
	failed bool // something did since the process began
}

func (c *cutter) begin(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, os.Mkdir(root, 0o700))
	rng := c.rng
	c.medium = newMedium(rng, habits{journal: rng.IntN(2) == 0, ordered: rng.IntN(3) == 0, garbage: rng.IntN(3) == 0})
	c.oracle = oracle{promised: map[Offset]uint32{}, held: map[Offset]uint32{}}
	c.tree = c.medium
	c.bed = &bed{t: t, root: root, disk: &disk{}, opts: Options{
		Epoch: testEpoch, SegmentSize: int64(300 + rng.IntN(5000)), NoSync: rng.IntN(8) == 0,
	}}
	if rng.IntN(2) == 0 {
		c.opts.KeepAcked = Retention{Age: time.Hour, Bytes: int64(rng.IntN(6000))}
	}
	c.tell("%+v, segments of %d, no sync %t, kept %d", c.medium.habits, c.opts.SegmentSize, c.opts.NoSync, c.opts.KeepAcked.Bytes)
	c.boot(false)
}

func (c *cutter) tell(format string, args ...any) {
	c.story += fmt.Sprintf("%5d ", c.medium.ops) + fmt.Sprintf(format, args...) + "\n"
}

// step does one random thing, and may cut the power in the middle of it.
func (c *cutter) step() {
	var before oracle
	if c.rng.IntN(4) == 0 {
		changes := 6
		if c.log.poison != nil {
			changes = 16 // A heal makes many.
		}
		c.medium.stop = c.medium.ops + 1 + c.rng.IntN(changes)
		before = c.oracle.clone()
	}
	end := c.act()
	if copied := c.medium.copy; copied != nil {
		before.assigned = c.oracle.assigned
		c.medium, c.oracle = copied, before
		end = c.death()
		c.tell("%s before that change", end)
	}
	c.medium.stop = 0
	if end != "" {
		c.leave()
		c.crash(end)
		c.boot(end == "power cut")
		return
	}
	c.check()
}

// check looks at the log between two steps.
func (c *cutter) check() {
	s := c.balance()
	if !c.opts.NoSync {
		c.oracle.promise(s.Synced)
	}
	require.Equal(c.t, c.oracle.last, s.Last, "W1")
	require.Equal(c.t, uint64(len(c.oracle.pending(s.Last))), s.Pending, "L2")
	if !c.opts.NoSync {
		require.LessOrEqual(c.t, c.oracle.acked, s.Synced, "W2")
	}
	require.LessOrEqual(c.t, s.Synced, s.Last, "W2")
	require.Empty(c.t, c.shadow.gone, "W7: damaged bytes are gone")
	if s.Err == nil {
		// What the kernel forgot has been written again, unless it had been given for safe.
		c.oracle.written, c.medium.forgot = s.Last, c.medium.forgot && c.opts.NoSync
	} else {
		c.failed = true
	}
}

func (c *cutter) death() string {
	if c.rng.IntN(4) == 0 {
		return "kill"
	}
	return "power cut"
}

// leave lets go of the files of a process that has died.
func (c *cutter) leave() {
	if t, ok := c.log.tail.(*shadowedTail); ok {
		_ = t.writer.close()
	}
}

// crash makes the medium what the next process finds.
func (c *cutter) crash(how string) {
	kill := how != "power cut"
	if c.medium.forgot {
		c.oracle.written = min(c.oracle.written, c.oracle.top)
	}
	c.oracle.die(kill)
	if kill {
		c.done.kills++
		c.medium = c.medium.kill()
	} else {
		c.done.cuts++
		c.medium = c.medium.powerCut()
	}
	if f := c.oracle.flying; f != nil {
		if c.rng.IntN(2) == 0 {
			c.oracle.store(*f)
		}
		c.oracle.flying = nil
	}
}

// boot starts the next process, which may die during recovery, and compares.
func (c *cutter) boot(safe bool) {
	for {
		c.failed = false
		require.NoError(c.t, c.medium.write(c.root, c.tree))
		c.tree = c.medium
		*c.disk = disk{}
		c.shadow = &shadowed{medium: c.medium, disk: c.disk, root: c.root, failAside: c.rng.IntN(8) == 0}
		if c.rng.IntN(3) == 0 {
			c.medium.stop = c.medium.ops + 1 + c.rng.IntN(10)
		}
		o := c.opts
		o.Checkpoint = c.oracle.stored
		l, err := open(c.dir(), o, c.shadow)
		require.NoError(c.t, err, "W7")
		l.create = c.shadow.create
		c.log = l
		c.tell("open: %+v", l.Recovery())
		if c.medium.copy == nil {
			break
		}
		c.medium = c.medium.copy
		how := c.death()
		safe = how == "power cut"
		c.done.nested++
		c.tell("%s before that change", how)
		c.crash(how)
	}
	c.medium.stop = 0
	c.compare(safe)
	c.log.SetResource(1, []byte("the resource of the records"))
}

func (c *cutter) compare(safe bool) {
	found, s := c.readAll(), c.balance()
	require.Empty(c.t, c.oracle.judge(found, s, c.log.Recovery()))
	if !c.medium.garbage && c.rng.IntN(4) == 0 {
		c.walk(found)
	}
	c.oracle.rebase(found, s, safe || !c.opts.NoSync)
	c.check()
}

// walk checks that those who only look see what the log sees, unless no block is
// left that tells the epoch.
func (c *cutter) walk(found []entry) {
	seen := map[Offset]uint32{}
	sum, err := Walk(c.dir(), func(f Found) error {
		if f.Kind == FoundRecord {
			seen[f.Offset] = c.all.serial(f.Offset, f.Payload)
		}
		return nil
	})
	require.NoError(c.t, err)
	if sum.Epoch == 0 {
		return
	}
	for _, e := range found {
		require.Equal(c.t, e.serial, seen[e.offset], "record %d as Walk sees it", e.offset)
	}
}

// readAll reads all that can be and checks that each record was written, where it
// is found, with the bytes that it has.
func (c *cutter) readAll() []entry {
	var out []entry
	var b Batch
	for after := Offset(0); ; after = b.Last() {
		require.NoError(c.t, c.log.Reader(0).Read(&b, after, Limits{Records: 7}))
		if b.Len() == 0 {
			return out
		}
		for i, e := range b.Entries {
			serial := c.all.serial(e.Offset, b.Record(i))
			require.NotZero(c.t, serial, "W4: record %d was never written", e.Offset)
			require.Greater(c.t, e.Offset, after)
			out = append(out, entry{e.Offset, serial})
			c.done.records++
		}
	}
}

// run makes the run that follows, after skipped evictions.
func (c *cutter) next(skipped int) *Run {
	r := c.log.NewRun()
	base, n := c.log.Next()+Offset(skipped), 1+c.rng.IntN(8)
	buf := r.Buffer()
	for i := range n {
		o, size := base+Offset(i), c.rng.IntN(150)
		if c.rng.IntN(8) == 0 {
			size = c.rng.IntN(1800)
		}
		h := frame.Header{Offset: uint64(o), Time: int64(o), Resource: 1}
		if i == 0 {
			h.Skipped = uint32(skipped)
		}
		buf = frame.Append(buf, h, c.all.payload(o, size), frame.Seed(testEpoch))
	}
	r.Fill(buf, base, n, 1)
	return r
}
