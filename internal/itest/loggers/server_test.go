package loggers

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is a record as the server got it.
type arrival struct {
	body     string
	severity int
	kind     any
	time     time.Time
	attrs    map[string]any // without those that every record has
}

// delivered returns what arrives of the lines that log writes.
func delivered(t *testing.T, log func(w io.Writer)) []arrival {
	t.Helper()
	s := logserver.Open(t)
	client, err := ledger.Open(ledger.Config{Dir: filepath.Join(t.TempDir(), "ledger"), Endpoint: s.URL})
	require.NoError(t, err)
	defer client.Close()
	log(client.Writer(nil))
	require.NoError(t, client.Shutdown(t.Context()))

	var arrivals []arrival
	for _, rec := range s.Records() {
		a := arrival{severity: rec.Severity, time: time.Unix(0, rec.Time), attrs: map[string]any{}}
		a.body, _ = rec.Body.(string)
		for _, at := range rec.Attrs {
			switch at.Key {
			case "ledger.log_id", "log.record.uid":
			case "ledger.log_type":
				a.kind = at.Value.Any()
			default:
				a.attrs[at.Key] = at.Value.Any()
			}
		}
		arrivals = append(arrivals, a)
	}
	return arrivals
}

// one requires that it is the only one.
func one(t *testing.T, arrivals []arrival) arrival {
	t.Helper()
	require.Len(t, arrivals, 1)
	return arrivals[0]
}
