package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A syncBuffer is what a logger and a test can both use.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func noEnv(string) string { return "" }

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestDefaultsAreSafe(t *testing.T) {
	c, err := parseConfig(nil, noEnv, new(bytes.Buffer))
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:4318", c.addr.String())
	assert.True(t, c.keys.Open())
	assert.True(t, c.localOnly())
	assert.EqualValues(t, 64<<20, c.maxBody)
}

func TestFlagComesBeforeVariable(t *testing.T) {
	vars := env(map[string]string{
		"LEDGER_SERVER_ADDR": "127.0.0.1:1", "LEDGER_SERVER_DB": "env.db", "LEDGER_SERVER_API_KEYS": "one,two",
		"LEDGER_SERVER_INSECURE": "true", "LEDGER_SERVER_REQUESTS_PER_MINUTE": "7", "LEDGER_SERVER_MAX_BODY": "99",
		"LEDGER_SERVER_MAX_CONCURRENT": "3", "LEDGER_SERVER_VERSION": "true",
	})
	c, err := parseConfig([]string{"-db", "flag.db", "-max-body=100"}, vars, new(bytes.Buffer))
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:1", c.addr.String())
	assert.Equal(t, "flag.db", c.db)
	assert.False(t, c.keys.Open())
	assert.True(t, c.insecure)
	assert.Equal(t, 7, c.requestsPerMinute)
	assert.EqualValues(t, 100, c.maxBody)
	assert.Equal(t, 3, c.maxConcurrent)
	assert.False(t, c.version, "not a setting")
}

func TestAddressOfOthersNeedsKeysOrInsecure(t *testing.T) {
	for _, row := range []struct {
		args      []string
		refused   bool
		localOnly bool
	}{
		{[]string{"-addr", "127.0.0.1:0"}, false, true},
		{[]string{"-addr", "[::1]:0"}, false, true},
		{[]string{"-addr", "localhost:0"}, false, true},
		{[]string{"-addr", "127.0.0.1:0", "-insecure"}, false, false},
		{[]string{"-addr", "127.0.0.1:0", "-api-key", "k"}, false, false},
		{[]string{"-addr", ":0"}, true, false},
		{[]string{"-addr", "0.0.0.0:0"}, true, false},
		{[]string{"-addr", "[::]:0"}, true, false},
		{[]string{"-addr", "192.0.2.1:0"}, true, false},
		{[]string{"-addr", ":0", "-api-key", "k"}, false, false},
		{[]string{"-addr", ":0", "-insecure"}, false, false},
	} {
		c, err := parseConfig(row.args, noEnv, new(bytes.Buffer))
		if row.refused {
			assert.ErrorContains(t, err, "no API keys", row.args)
			continue
		}
		require.NoError(t, err, row.args)
		assert.Equal(t, row.localOnly, c.localOnly(), row.args)
	}
}

func TestKeysComeFromBothPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte("# keys\nthree\n"), 0o600))
	_, err := parseConfig([]string{"-api-keys-file", file}, env(map[string]string{"LEDGER_SERVER_API_KEYS": "one"}), new(bytes.Buffer))
	require.NoError(t, err)
	keys, err := loadKeys("one,two", file)
	require.NoError(t, err)
	assert.False(t, keys.Open())
}

func TestWrongUseIsNamedAndExitsWith2(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte("# none\n"), 0o600))
	for _, row := range []struct {
		args []string
		env  map[string]string
		want string
	}{
		{[]string{"-nonsense"}, nil, "-nonsense"},
		{[]string{"serve"}, nil, `unexpected argument "serve"`},
		{[]string{"-db", ""}, nil, "-db: no file"},
		{[]string{"-addr", "nowhere"}, nil, "-addr: "},
		{[]string{"-requests-per-minute", "-1"}, nil, "-requests-per-minute"},
		{[]string{"-max-body", "0"}, nil, "-max-body"},
		{[]string{"-max-body", "2000000000"}, nil, "-max-body"},
		{[]string{"-max-concurrent", "0"}, nil, "-max-concurrent"},
		{[]string{"-api-key", " , "}, nil, "-api-key: no key"},
		{[]string{"-api-key", "secret key"}, nil, "API key 1 of 1"},
		{[]string{"-api-keys-file", empty}, nil, "no key in it"},
		{[]string{"-api-keys-file", empty + "x"}, nil, "no such file"},
		{nil, map[string]string{"LEDGER_SERVER_MAX_BODY": "much"}, "LEDGER_SERVER_MAX_BODY"},
		{nil, map[string]string{"LEDGER_SERVER_ADDR": ":0"}, "no API keys"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			var out, errs bytes.Buffer
			assert.Equal(t, 2, run(row.args, env(row.env), &out, &errs))
			assert.Contains(t, errs.String(), row.want)
			assert.NotContains(t, errs.String(), "secret", "keys are not printed")
			assert.Equal(t, 1, strings.Count(errs.String(), "\n"))
		})
	}
}

func TestHelpAndVersionExitWith0(t *testing.T) {
	var out, errs bytes.Buffer
	assert.Zero(t, run([]string{"-version"}, noEnv, &out, &errs))
	assert.Contains(t, out.String(), "ledger-server ")
	assert.Empty(t, errs.String())

	out.Reset()
	assert.Zero(t, run([]string{"-h"}, noEnv, &out, &errs))
	assert.Contains(t, errs.String(), "-api-keys-file")
	assert.Contains(t, errs.String(), "LEDGER_SERVER_")
}

func TestDatabaseThatCannotBeOpenedExitsWith1(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	assert.Equal(t, 1, run([]string{"-addr", "127.0.0.1:0", "-db", dir}, noEnv, &out, &errs))
	assert.Contains(t, errs.String(), "not a regular file")
}
