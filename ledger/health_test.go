package ledger_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestHealthSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		want   ledger.Status
		reason string
	}{
		{"accepts", 0, ledger.StatusOK, ""},
		{"down", http.StatusInternalServerError, ledger.StatusDegraded, "tried again"},
		{"wrong key", http.StatusUnauthorized, ledger.StatusFailing, "on hold"},
		{"wrong address", http.StatusNotFound, ledger.StatusFailing, "on hold"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newCollector(t)
			srv.answer(tt.status)
			c := open(t, config(t, srv.URL))
			assert.Equal(t, ledger.StatusOK, c.Health().Status, "nothing to send")
			logN(t, c, 1, 3)
			var h ledger.Health
			require.Eventually(t, func() bool {
				h = c.Health()
				return h.Status == tt.want && strings.Contains(strings.Join(h.Reasons, ";"), tt.reason) && srv.count() > 0
			}, patience, time.Millisecond)
			if tt.want != ledger.StatusOK {
				assert.Equal(t, uint64(3), h.Pending, "everything is kept")
				assert.False(t, h.OldestPending.IsZero())
			}
		})
	}
}

func TestHealthOfAClosedClient(t *testing.T) {
	c := open(t, config(t, "http://127.0.0.1:1"))
	require.NoError(t, c.Close())
	h := c.Health()
	assert.Equal(t, ledger.StatusFailing, h.Status)
	assert.Equal(t, []string{"the client is closed"}, h.Reasons)
}
