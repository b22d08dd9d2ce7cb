package detect

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode"
	"unicode/utf8"
)

// System is what the detectors look at.
type System struct {
	// Env returns an environment variable, "" if it is not set.
	Env func(name string) string
	// ReadFile returns a file, by its absolute path with slashes.
	ReadFile func(name string) ([]byte, error)
	// Hostname and Executable are those of package os.
	Hostname, Executable func() (string, error)
	// BuildInfo is debug.ReadBuildInfo.
	BuildInfo func() (*debug.BuildInfo, bool)
	// GOOS and GOARCH are those of package runtime.
	GOOS, GOARCH string
}

// Host is the system that the process runs on.
func Host() System {
	return System{
		Env: os.Getenv, ReadFile: readFile, Hostname: os.Hostname, Executable: os.Executable,
		BuildInfo: debug.ReadBuildInfo, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH,
	}
}

// maxFile is more than what any file has that is looked at. A host with thousands of
// mounts has a large one.
const maxFile = 1 << 20

// readFile reads the start of a file that is one: to open a pipe may take for ever.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is no file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	return b, errors.Join(err, f.Close())
}

// Attributes returns what is to be known of s, each key once. What cannot be found out
// is left out.
func Attributes(s System) []slog.Attr {
	f := findings{}
	f.build(s)
	f.host(s)
	mounts := readMounts(s)
	pod := f.pod(s, mounts)
	f.add("container.id", containerID(s, mounts, pod))
	f.cloud(s, pod)
	return f.attrs
}

type findings struct{ attrs []slog.Attr }

// maxValue bounds a value, in bytes. The longest of the names looked for, those of
// Kubernetes, have 253.
const maxValue = 255

// add adds an attribute unless its value is empty, or nothing that anyone would have
// meant by it.
func (f *findings) add(key, value string) {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > maxValue || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return
	}
	f.attrs = append(f.attrs, slog.String(key, value))
}

// build adds what the program is and what it was made from.
func (f *findings) build(s System) {
	if info, ok := s.BuildInfo(); ok {
		if v := info.Main.Version; v != "(devel)" {
			f.add("service.version", v)
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				f.add("vcs.ref.head.revision", setting.Value)
			}
		}
	}
	if path, err := s.Executable(); err == nil {
		f.add("process.executable.name", filepath.Base(path))
	}
}

// host adds the machine.
func (f *findings) host(s System) {
	if name, err := s.Hostname(); err == nil {
		f.add("host.name", name)
	}
	f.add("host.arch", conventional(s.GOARCH, map[string]string{"386": "x86", "arm": "arm32", "ppc64le": "ppc64"}))
	f.add("os.type", conventional(s.GOOS, map[string]string{"dragonfly": "dragonflybsd"}))
}

// conventional returns the conventions' word for one of Go's.
func conventional(word string, words map[string]string) string {
	if other, ok := words[word]; ok {
		return other
	}
	return word
}

// firstEnv returns the first of the variables that is set.
func (s System) firstEnv(names ...string) string {
	for _, name := range names {
		if v := strings.TrimSpace(s.Env(name)); v != "" {
			return v
		}
	}
	return ""
}

// text returns a file's content, "" if it cannot be read.
func (s System) text(name string) string {
	b, err := s.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(b)
}
