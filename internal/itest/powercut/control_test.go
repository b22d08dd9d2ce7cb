//go:build linux

package powercut

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// control is some steps on an empty file system, and what a cut after them leaves.
type control struct {
	name  string
	steps func(dir string) error
	want  map[Model]string // what the file a holds; "" if there is none
}

func controls() []control {
	return []control{
		{
			"written, not synced",
			func(dir string) error { return write1(dir, "a", "new", false) },
			map[Model]string{None: "", All: ""}, // It never left memory.
		},
		{
			"written back by the kernel, not synced",
			func(dir string) error {
				if err := errors.Join(write1(dir, "a", "old", true), write1(dir, "b", "b", true)); err != nil {
					return err
				}
				return overwrite(dir, "a", "new")
			},
			map[Model]string{None: "old", All: "new"},
		},
		{
			"file and directory synced",
			func(dir string) error {
				return errors.Join(write1(dir, "a", "new", true), fsx.SyncDir(dir))
			},
			map[Model]string{None: "new", Some: "new", All: "new"},
		},
		{
			"renamed, directory not synced",
			func(dir string) error {
				return errors.Join(write1(dir, "a", "old", true), write1(dir, "a.new", "new", true), fsx.SyncDir(dir),
					os.Rename(filepath.Join(dir, "a.new"), filepath.Join(dir, "a")))
			},
			map[Model]string{None: "old"},
		},
		{
			"renamed, directory synced",
			func(dir string) error {
				return errors.Join(write1(dir, "a", "old", true), write1(dir, "a.new", "new", true), fsx.SyncDir(dir),
					os.Rename(filepath.Join(dir, "a.new"), filepath.Join(dir, "a")), fsx.SyncDir(dir))
			},
			map[Model]string{None: "new", Some: "new", All: "new"},
		},
		{
			"removed, directory not synced",
			func(dir string) error {
				return errors.Join(write1(dir, "a", "old", true), fsx.SyncDir(dir), os.Remove(filepath.Join(dir, "a")))
			},
			map[Model]string{None: "old"},
		},
	}
}

// What the other tests find rests on this disk being neither kinder nor harder than a
// real one. What is written without a sync can go, what is synced stays, and a name
// is not synced by its file.
func TestTheDiskKeepsWhatIsSyncedAndNothingElse(t *testing.T) {
	image := needMachine(t)
	for i, tt := range controls() {
		t.Run(tt.name, func(t *testing.T) {
			left := after(t, image, i)
			for model, want := range tt.want {
				assert.Equal(t, want, contents(t, left[model], "a"), "%s of the writes since the last flush are left", model)
			}
		})
	}
}

// controlMain is the process that takes the steps.
func controlMain(text string) error {
	name, dir, _ := strings.Cut(text, ":")
	i, err := strconv.Atoi(name)
	if err != nil {
		return err
	}
	return controls()[i].steps(dir)
}

// after cuts the power after the steps of the i-th control and returns the images that
// each model leaves.
func after(t *testing.T, image Image, i int) map[Model]Image {
	t.Helper()
	m, err := Boot(t.TempDir(), image, "")
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Halt()) }()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// The race detector would keep it for a second at its end.
	cmd.Env = append(os.Environ(), controlEnv+"="+strconv.Itoa(i)+":"+m.Dir, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	m.Disk.Cut()
	t.Logf("%+v", m.Disk.Counts())
	left := map[Model]Image{}
	for model := range models {
		left[model] = m.Disk.Image(model, rand.New(rand.NewPCG(1, 1)))
	}
	return left
}

// contents mounts an image and returns what the file of a name holds, "" if there is
// none.
func contents(t *testing.T, image Image, name string) string {
	t.Helper()
	dir, halt, err := MountImage(t.TempDir(), image)
	require.NoError(t, err)
	defer func() { require.NoError(t, halt()) }()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return string(b)
}

// write1 makes a file.
func write1(dir, name, text string, sync bool) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// overwrite changes a file in place and has the change written back without a flush.
func overwrite(dir, name, text string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, writeBackAll(f), f.Close())
}
