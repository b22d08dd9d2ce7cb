package ledgerlogrus

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestRecordsArrive(t *testing.T) {
	s := logserver.Open(t)
	client, err := ledger.Open(ledger.Config{Dir: filepath.Join(t.TempDir(), "ledger"), Endpoint: s.URL})
	require.NoError(t, err)
	defer client.Close()
	tc, ok := ledger.ParseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	require.True(t, ok)

	log := logrusWith(NewHook(client))
	log.SetReportCaller(true)
	log.WithContext(ledger.ContextWithTrace(t.Context(), tc)).WithField("user", 7).
		WithError(errors.New("card expired")).Error("not paid")
	require.NoError(t, client.Shutdown(t.Context()))

	records := s.Records()
	require.Len(t, records, 1)
	got := records[0]
	attrs := logserver.Values(got.Attrs)
	assert.Equal(t, "not paid", got.Body)
	assert.Equal(t, 17, got.Severity)
	assert.Equal(t, tc.TraceID, got.TraceID)
	assert.Equal(t, int64(7), attrs["user"])
	assert.Equal(t, "card expired", attrs["error"])
	assert.Equal(t, "exception", attrs["ledger.log_type"])
	assert.Equal(t, "card expired", attrs["exception.message"])
	assert.Regexp(t, `^at github\.com/ledger-sdk/ledger-go/bridge/logrus\.TestRecordsArrive\(client_test\.go:\d+\)$`, attrs["exception.stacktrace"])
}

func TestWithoutAClientNothingIsLogged(t *testing.T) {
	h := NewHook(nil, nil)
	logrusWith(h).Info("m")
	require.NoError(t, h.Fire(logrus.NewEntry(logrus.New())), "also if another hook passes an entry on")
}

const dyingEnv = "LEDGERLOGRUS_TEST_DIR"

// die logs and ends the process as logrus does, with nobody to close the client.
func die(dir string) {
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		os.Exit(3)
	}
	logrusWith(NewHook(client)).Fatal("last words")
}

func TestTheLastWordsOfAProcessAreKept(t *testing.T) { // W3
	dir := filepath.Join(t.TempDir(), "ledger")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), dyingEnv+"="+dir)
	var exit *exec.ExitError
	require.ErrorAs(t, child.Run(), &exit)
	require.Equal(t, 1, exit.ExitCode())

	s := logserver.Open(t)
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: s.URL, FlushInterval: 10 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, client.Shutdown(t.Context()))
	records := s.Records()
	require.Len(t, records, 1)
	assert.Equal(t, "last words", records[0].Body)
	assert.Equal(t, 21, records[0].Severity)
}
