package sender

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// Three ways in which servers say that a request is too large.
func tooLargeAnswers() map[string]reply {
	plain := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	return map[string]reply{
		"413":                      status(413),
		"400 of the Collector":     {status: 400, header: plain, body: "http: request body too large\n"},
		"400 of VictoriaLogs":      {status: 400, header: plain, body: "too big data size exceeding -maxRequestSize=67108864 bytes"},
		"400 for too many records": {status: 400, header: plain, body: "Batch size exceeds maximum of 100 logs"},
	}
}

// limited is a server that takes requests of so many bytes.
type limited struct {
	*picky
	bytes   int
	refused atomic.Int32
}

func (l *limited) answer(c call) reply {
	if len(c.body) > l.bytes {
		l.refused.Add(1)
		return l.refusal
	}
	return l.picky.answer(c)
}

// A server has a limit on the bytes of a request. The batch is halved until it fits, the
// size that fits is remembered, over a restart too, and the next batches fit at once.
func TestBatchThatIsTooLargeIsHalvedAndTheSizeKept(t *testing.T) {
	for name, refusal := range tooLargeAnswers() {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d, s := morgue(t, DeadLimits{}), &limited{picky: newPicky(), bytes: 30_000}
				s.refusal = refusal
				l, st := newFakeLog(t), &fakeStore{}
				r := startOver(t, withDead(d), l, st, s.answer)
				l.addSized(1000, 90, 1) // 100 bytes each
				sleep(time.Minute)
				assert.LessOrEqual(t, s.refused.Load(), int32(7))
				learned := st.Learned().MaxBytes
				assert.LessOrEqual(t, learned, s.bytes)
				assert.GreaterOrEqual(t, learned, s.bytes/4)
				s.refused.Store(0)
				l.addSized(5000, 90, 1)
				sleep(10 * time.Minute)
				assert.Zero(t, s.refused.Load(), "the next ones fit at once")
				require.NoError(t, r.stop())
				startOver(t, withDead(d), l, st, s.answer)
				l.addSized(5000, 90, 1)
				sleep(10 * time.Minute)
				assert.Zero(t, s.refused.Load(), "after a restart too")
				alike(t, offsets(1, 11_000), s.delivered())
				assert.Equal(t, 1, s.times())
				alike(t, nil, dead(t, d, DefaultDestination))
			})
		})
	}
}

// A record that is too large alone is a dead letter, and the others are not.
func TestRecordThatIsTooLargeAloneIsDead_S1(t *testing.T) {
	for name, refusal := range tooLargeAnswers() {
		for _, before := range []int{0, 1, 7, 499, 999} {
			t.Run(fmt.Sprint(name, " at ", before), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					d, s := morgue(t, DeadLimits{}), &limited{picky: newPicky(), bytes: 30_000}
					s.refusal = refusal
					cfg := withDead(d)
					r := start(t, cfg, s.answer)
					r.log.add(1)
					sleep(time.Minute)
					r.log.addSized(before, 10, 1)
					r.log.addSized(1, 40_000, 1)
					r.log.addSized(1000-before-1, 10, 1)
					sleep(10 * time.Minute)
					guilty := wal.Offset(before + 2)
					alike(t, []wal.Offset{guilty}, dead(t, d, DefaultDestination))
					alike(t, offsets(1, 1001, guilty), s.delivered())
					assert.Equal(t, 1, s.times())
					letters, err := d.Letters(0, func(DeadLetter) bool { return true })
					require.NoError(t, err)
					assert.Equal(t, DeadTooLarge, letters[0].Reason)
					assert.Equal(t, refusal.status, letters[0].Status)
					assert.Equal(t, uint64(1), r.Stats().TooLarge)
					s.refused.Store(0)
					r.log.addSized(1000, 10, 1)
					sleep(10 * time.Minute)
					assert.Zero(t, s.refused.Load(), "what is small still goes in one piece or fits")
				})
			})
		}
	}
}
