package ledgerotel

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// observed is what a callback told, in its order.
type observed struct {
	metric.Observer
	values []int64
}

func (o *observed) ObserveInt64(_ metric.Int64Observable, n int64, _ ...metric.ObserveOption) {
	o.values = append(o.values, n)
}

// Some of the numbers of Stats may shrink. A backend takes a counter that does for that
// of a process which began anew, and adds all of it again.
func TestCountersDoNotShrink(t *testing.T) {
	s := &snapshot{stats: ledger.Stats{Destinations: []ledger.DestinationStats{{Name: "a"}, {Name: "b"}}}}
	w := &watcher{read: func() *snapshot { return s }, most: map[string]int64{}}
	for _, f := range recordFamilies() {
		if f.name == "otel.sdk.processor.log.queue.size" || f.name == "ledger.records.accepted" {
			i, err := f.instrument(noop.NewMeterProvider().Meter(""))
			require.NoError(t, err)
			w.watched = append(w.watched, watched{f, i})
		}
	}
	require.Len(t, w.watched, 2)
	for _, step := range []struct {
		a, b uint64
		want []int64 // of the queue, which may shrink, and of the counter
	}{
		{5, 7, []int64{5, 7, 5, 7}},
		{3, 8, []int64{3, 8, 5, 8}},
		{6, 1, []int64{6, 1, 6, 8}},
	} {
		for i, n := range []uint64{step.a, step.b} {
			s.stats.Destinations[i].Pending, s.stats.Destinations[i].Accepted = n, n
		}
		var o observed
		require.NoError(t, w.observe(t.Context(), &o))
		assert.Equal(t, step.want, o.values)
	}
}
