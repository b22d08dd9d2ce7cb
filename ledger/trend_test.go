package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTimeToTheCapFollowsTheLastMinute(t *testing.T) {
	var tr trend
	assert.Zero(t, tr.timeTo(1000, 0), "nothing is known")
	for i := range 200 { // Ten more a second, after a time of none.
		tr.note(uint64(max(0, i-100)*10), testNow.Add(time.Duration(i)*time.Second))
	}
	assert.Equal(t, time.Second, tr.timeTo(1000, 990))
	assert.Equal(t, 90*time.Second, tr.timeTo(1890, 990))
	assert.Zero(t, tr.timeTo(1000, 1000), "it is reached")
	for i := range 100 { // It drains.
		tr.note(uint64(990-i), testNow.Add(time.Duration(200+i)*time.Second))
	}
	assert.Zero(t, tr.timeTo(1000, 800))
}
