package ledgerzap

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

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

	log := zap.New(New(client), zap.AddCaller(), zap.AddStacktrace(zapcore.ErrorLevel))
	log.With(zap.Dict("user", zap.Int("id", 7))).
		Error("not paid", zap.Error(errors.New("card expired")), Context(ledger.ContextWithTrace(t.Context(), tc)))
	require.NoError(t, log.Sync())
	require.NoError(t, client.Shutdown(t.Context()))

	records := s.Records()
	require.Len(t, records, 1)
	got := records[0]
	attrs := logserver.Values(got.Attrs)
	assert.Equal(t, "not paid", got.Body)
	assert.Equal(t, 17, got.Severity)
	assert.Equal(t, tc.TraceID, got.TraceID)
	assert.Equal(t, int64(7), attrs["user.id"])
	assert.Equal(t, "card expired", attrs["error"])
	assert.Equal(t, "exception", attrs["ledger.log_type"])
	assert.Equal(t, "card expired", attrs["exception.message"])
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, attrs["exception.stacktrace"], "zap's stack, without this library's frames")
}

func TestWithoutAClientNothingIsLogged(t *testing.T) {
	log := zap.New(New(nil))
	log.Info("m")
	require.NoError(t, log.Sync())
}

const dyingEnv = "LEDGERZAP_TEST_DIR"

// die logs and ends the process as zap does, with nobody to close the client.
func die(dir string) {
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		os.Exit(3)
	}
	zap.New(New(client)).Fatal("last words")
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
