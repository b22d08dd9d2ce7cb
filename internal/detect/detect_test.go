package detect

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bare is a system of which nothing is known, changed by what is given: variables as
// NAME=value, files as /path=content, and functions.
func bare(changes ...any) System {
	env, files := map[string]string{}, map[string]string{}
	s := System{
		Env: func(name string) string { return env[name] },
		ReadFile: func(name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		},
		Hostname:   func() (string, error) { return "", errors.New("no name") },
		Executable: func() (string, error) { return "", errors.New("no program") },
		BuildInfo:  func() (*debug.BuildInfo, bool) { return nil, false },
	}
	for _, change := range changes {
		switch change := change.(type) {
		case func(*System):
			change(&s)
		case string:
			name, value, _ := strings.Cut(change, "=")
			if strings.HasPrefix(name, "/") {
				files[name] = value
			} else {
				env[name] = value
			}
		}
	}
	return s
}

func hostname(name string) func(*System) {
	return func(s *System) { s.Hostname = func() (string, error) { return name, nil } }
}

func build(version string, settings ...debug.BuildSetting) func(*System) {
	return func(s *System) {
		s.BuildInfo = func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}, true
		}
	}
}

// want is what Attributes is to return, by key.
type want map[string]string

func found(t *testing.T, s System) want {
	t.Helper()
	out := want{}
	for _, a := range Attributes(s) {
		require.Equal(t, slog.KindString, a.Value.Kind())
		require.NotContains(t, out, a.Key, "each key once")
		out[a.Key] = a.Value.String()
	}
	return out
}

func TestAttributesOfTheProgramAndTheHost(t *testing.T) {
	for _, c := range []struct {
		name   string
		system System
		want   want
	}{
		{"nothing is known", bare(), want{}},
		{"a release", bare(build("v1.2.3")), want{"service.version": "v1.2.3"}},
		{"a build from a checkout", bare(build("v0.0.0-20260102030405-0123456789ab+dirty", debug.BuildSetting{Key: "vcs", Value: "git"}, debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef"})), want{
			"service.version": "v0.0.0-20260102030405-0123456789ab+dirty", "vcs.ref.head.revision": "0123456789abcdef",
		}},
		{"a build without a version", bare(build("(devel)")), want{}},
		{"a host", bare(hostname("web-1"), func(s *System) {
			s.Executable = func() (string, error) { return filepath.FromSlash("/opt/shop/shopd"), nil }
			s.GOOS, s.GOARCH = "linux", "arm64"
		}), want{"host.name": "web-1", "process.executable.name": "shopd", "os.type": "linux", "host.arch": "arm64"}},
		{"words of Go", bare(func(s *System) { s.GOOS, s.GOARCH = "dragonfly", "386" }), want{"os.type": "dragonflybsd", "host.arch": "x86"}},
		{"more of them", bare(func(s *System) { s.GOOS, s.GOARCH = "windows", "arm" }), want{"os.type": "windows", "host.arch": "arm32"}},
		{"values without sense", bare(hostname(" \n"), "K8S_POD_NAME=a\x00b", "K8S_NODE_NAME=\xff", "K8S_POD_UID="+strings.Repeat("x", 256)), want{}},
		{"space around a value", bare("K8S_POD_NAME= web \n"), want{"k8s.pod.name": "web"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, found(t, c.system)) })
	}
}

func TestAttributesOfThisProcess(t *testing.T) {
	got := found(t, Host())
	assert.Equal(t, runtime.GOOS, got["os.type"])
	assert.NotEmpty(t, got["host.arch"])
	exe, err := os.Executable()
	require.NoError(t, err)
	assert.Equal(t, filepath.Base(exe), got["process.executable.name"])
	for key := range got {
		assert.NotContains(t, []string{"process.pid", "host.id", "process.command_line", "process.owner"}, key)
	}
	assert.Equal(t, got, found(t, Host()), "the same each time")
}

func TestReadFileReadsFilesOnlyAndNotAllOfThem(t *testing.T) {
	dir := t.TempDir()
	_, err := readFile(dir)
	assert.ErrorContains(t, err, "is no file")
	_, err = readFile(filepath.Join(dir, "none"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	large := filepath.Join(dir, "large")
	require.NoError(t, os.WriteFile(large, make([]byte, maxFile+1), 0o600))
	b, err := readFile(large)
	require.NoError(t, err)
	assert.Len(t, b, maxFile)
}
