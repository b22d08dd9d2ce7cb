package sender

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// condemn has a rig make dead letters of the records 11 to 30 of its first 100.
func condemn(t *testing.T, d *DeadLog, p *picky) *rig {
	t.Helper()
	p.set(false, offsets(11, 30)...)
	r := start(t, withDead(d), p.answer)
	r.log.add(100)
	sleep(10 * time.Minute)
	alike(t, offsets(11, 30), dead(t, d, DefaultDestination))
	p.asked()
	return r
}

func TestRedriveDeliversWhatIsAcceptedNow_L2(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky()
		r := condemn(t, d, p)
		got, err := r.Redrive(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Redriven{Refused: 20}, got, "nothing has changed")
		alike(t, offsets(11, 30), dead(t, d, DefaultDestination))

		p.set(false, 12, 13, 29)
		got, err = r.Redrive(t.Context(), DeadQuota)
		require.NoError(t, err)
		assert.Zero(t, got, "none has this reason")
		got, err = r.Redrive(t.Context(), DeadTooLarge, DeadRejected)
		require.NoError(t, err)
		assert.Equal(t, Redriven{Delivered: 17, Refused: 3}, got)
		alike(t, []wal.Offset{12, 13, 29}, dead(t, d, DefaultDestination))
		alike(t, offsets(1, 100, 12, 13, 29), p.delivered())
		assert.Equal(t, 1, p.times())
		synctest.Wait()
		assert.Equal(t, uint64(17), r.Stats().Redriven)
		assert.Equal(t, uint64(17), d.acct.state.Account(DefaultDestination).Counters().Redriven)

		r.log.add(1) // Refused letters say nothing against the server.
		p.set(false, 101)
		sleep(time.Minute)
		alike(t, []wal.Offset{12, 13, 29, 101}, dead(t, d, DefaultDestination))
		assert.Equal(t, PhaseIdle, r.Health().Phase)
		p.set(false)
		got, err = r.Redrive(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Redriven{Delivered: 4}, got)
		alike(t, nil, dead(t, d, DefaultDestination))
		assert.Empty(t, d.Count(DefaultDestination))
	})
}

// Whoever asked gives up in the middle. What was delivered is told and gone, the rest
// stays, nothing of it is sent any more, and the next one begins anew.
func TestRedriveThatIsGivenUpLeavesNothingBehind(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 4 * time.Second, 5 * time.Second, 6 * time.Second} {
		bubble(t, func(t *testing.T) {
			d, p := morgue(t, DeadLimits{}), newPicky()
			r := condemn(t, d, p)
			p.set(false, 11, 25)
			slow := r.server.answer
			r.server.answer = func(c call) reply {
				answer := slow(c)
				answer.after = 1500 * time.Millisecond
				return answer
			}
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			got, err := r.Redrive(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			sleep(2 * time.Second) // What was under way comes back.
			left := len(dead(t, d, DefaultDestination))
			assert.LessOrEqual(t, got.Delivered, 20-left)
			asked := p.asked()
			sleep(time.Hour)
			assert.Zero(t, p.asked(), "after %v and %d requests", after, asked)
			assert.Equal(t, PhaseIdle, r.Health().Phase)

			got, err = r.Redrive(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Redriven{Delivered: left - 2, Refused: 2}, got)
			alike(t, []wal.Offset{11, 25}, dead(t, d, DefaultDestination))
			assert.Equal(t, uint64(18), r.Stats().Redriven)
			r.log.add(10) // The window has room.
			sleep(time.Minute)
			assert.Equal(t, wal.Offset(110), r.store.head())
		})
	}
}

// While a redrive waits for a server that is away, a time comes at which another is due.
// The loop must not spin until then: in a bubble that would stop the clock.
func TestRedriveInAnOutagePastTheResetOfAQuota(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky()
		p.all, p.refusal = true, partially(1, "quota")
		r := start(t, withDead(d), p.answer)
		r.log.add(10)
		sleep(time.Minute)
		p.refusal = down
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := r.Redrive(t.Context())
			assert.NoError(t, err)
		}()
		sleep(30 * time.Hour)
		p.set(false)
		sleep(2 * time.Hour)
		<-done
		alike(t, nil, dead(t, d, DefaultDestination))
		alike(t, offsets(1, 10), p.delivered())
		assert.Equal(t, 1, p.times())
	})
}

func TestRedriveQueuesBehindAnotherAndEndsWithTheSender(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky()
		r := condemn(t, d, p)
		p.set(true)
		p.refusal = down
		results := make(chan error, 3)
		for range 2 {
			go func() {
				_, err := r.Redrive(t.Context())
				results <- err
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := r.Redrive(ctx)
			results <- err
		}()
		sleep(time.Minute)
		cancel()
		require.ErrorIs(t, <-results, context.Canceled, "one that has not begun ends too")
		require.NoError(t, r.stop())
		require.ErrorIs(t, <-results, ErrStopped)
		require.ErrorIs(t, <-results, ErrStopped)
		_, err := r.Redrive(t.Context())
		require.ErrorIs(t, err, ErrStopped)
		alike(t, offsets(11, 30), dead(t, d, DefaultDestination))

		idle, err := New(newFakeLog(t), &fakeStore{}, withDead(d))
		require.NoError(t, err)
		ended, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err = idle.Redrive(ended)
		require.ErrorIs(t, err, context.DeadlineExceeded, "nobody runs it")
	})
}

// The state cannot be stored when letters have been delivered: they are gone, and counted
// once, when it can (L2).
func TestRedriveWhileTheStateCannotBeStored_L2(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky()
		r := condemn(t, d, p)
		p.set(false)
		st := d.acct.state
		refuse := func(all bool) {
			st.mu.Lock()
			defer st.mu.Unlock()
			st.closed = all
		}
		refuse(true)
		done := make(chan Redriven, 1)
		go func() {
			got, err := r.Redrive(t.Context())
			assert.NoError(t, err)
			done <- got
		}()
		sleep(time.Minute)
		assert.NotEmpty(t, r.Health().DeadError)
		assert.False(t, r.Health().OK())
		refuse(false)
		sleep(time.Minute)
		assert.Equal(t, Redriven{Delivered: 20}, <-done)
		assert.Empty(t, r.Health().DeadError)
		assert.Equal(t, uint64(20), r.Stats().Redriven)
		assert.Equal(t, uint64(20), st.Account(DefaultDestination).Counters().Redriven)
		assert.Equal(t, wal.Offset(20), d.acct.Checkpoint().Head)
		assert.Zero(t, d.acct.Checkpoint().Evicted)
		assert.Equal(t, 1, p.times(), "they were not sent twice")
	})
}
