//go:build unix

package ledger_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

const versionChildEnv = "LEDGER_TEST_VERSION_CHILD"

// TestVersionChild is one of the processes that die in the test below. It leaves its
// records where it is told to.
func TestVersionChild(t *testing.T) {
	version := os.Getenv(versionChildEnv)
	if version == "" {
		t.Skip("runs as a child only")
	}
	version, leave, _ := strings.Cut(version, " ")
	c, err := ledger.Open(ledger.Config{
		Dir: os.Getenv("LEDGER_TEST_DIR"), Endpoint: "http://127.0.0.1:1", ServiceName: "shop", ServiceVersion: version,
		FlushInterval: time.Hour, SyncEvery: time.Hour, RingBytes: 1 << 20,
	})
	require.NoError(t, err)
	for range 3 {
		c.Info(t.Context(), "from "+version)
	}
	switch leave {
	case "in the ring":
		require.EqualValues(t, 3, c.Stats().Last-c.Stats().Synced)
	case "in the log":
		require.NoError(t, c.Sync(t.Context()))
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// Neither an upgrade nor a crash changes who logged a record.
func TestEachRecordIsDeliveredAsTheProcessThatLoggedIt_W3(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.RingBytes = 1 << 20
	for _, version := range []string{"v1 in the log", "v2 in the ring", "v3 in the ring", "v1 in the ring"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVersionChild$")
		cmd.Env = append(os.Environ(), versionChildEnv+"="+version, "LEDGER_TEST_DIR="+cfg.Dir, "K8S_POD_NAME=pod of "+version[:2])
		out, _ := cmd.CombinedOutput()
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		require.True(t, ok)
		require.Equal(t, syscall.SIGKILL, status.Signal(), "%s", out)
	}
	t.Setenv("K8S_POD_NAME", "pod of v4")
	cfg.ServiceVersion = "v4"
	c := open(t, cfg)
	c.Info(t.Context(), "from v4")
	require.NoError(t, c.Flush(within(t)))
	all := srv.all()
	require.Len(t, all, 13, "%v", srv.bodies())
	instances, logged := map[any]bool{}, map[string]int{}
	for _, a := range all {
		version := strings.TrimPrefix(a.body, "from ")
		logged[version]++
		assert.Equal(t, version, a.resource["service.version"], a.body)
		assert.Equal(t, "pod of "+version, a.resource["k8s.pod.name"], a.body)
		assert.Equal(t, "shop", a.resource["service.name"])
		instances[a.resource["service.instance.id"]] = true
	}
	assert.Equal(t, map[string]int{"v1": 6, "v2": 3, "v3": 3, "v4": 1}, logged)
	assert.Len(t, instances, 1, "one directory is one instance")
	assert.NoDirExists(t, filepath.Join(cfg.Dir, "quarantine"))
	balance(t, c)
}
