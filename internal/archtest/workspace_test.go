package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// modules returns the text of every go.mod, by the directory that go.work gives it.
func modules(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && skipDir(entry.Name()):
			return fs.SkipDir
		case entry.Name() != "go.mod":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		found["./"+filepath.ToSlash(rel)] = string(text)
		return err
	})
	require.NoError(t, err)
	return found
}

// workspace returns the directories that a go.work uses.
func workspace(text string) []string {
	var dirs []string
	for _, match := range regexp.MustCompile(`(?m)^(?:\t|use )(\.\S*)$`).FindAllStringSubmatch(text, -1) {
		dirs = append(dirs, match[1])
	}
	return dirs
}

func TestTheWorkspaceHoldsEveryModule(t *testing.T) {
	root := filepath.Join("..", "..")
	work, err := os.ReadFile(filepath.Join(root, "go.work"))
	require.NoError(t, err)

	want := []string{"."}
	for dir := range modules(t, root) {
		if dir != "./." && dir != "./bench" { // see go.work
			want = append(want, dir)
		}
	}
	assert.ElementsMatch(t, want, workspace(string(work)))
}

func TestWorkspaceDirectoriesAreFound(t *testing.T) {
	assert.Equal(t, []string{".", "./cmd/x"}, workspace("go 1.26.0\n\nuse (\n\t.\n\t./cmd/x\n)\n\nreplace x => y\n"))
	assert.Equal(t, []string{"./cmd/x"}, workspace("go 1.26.0\n\nuse ./cmd/x\n"))
}

// A replace directive stops `go install module@version`, and importers do not see it: what
// was tested is then not what they build.
func TestOnlyTestModulesReplace(t *testing.T) {
	for dir, text := range modules(t, filepath.Join("..", "..")) {
		if !strings.HasPrefix(dir, "./internal/itest/") && dir != "./bench" {
			assert.NotRegexp(t, `(?m)^\s*replace\b`, text, "%s/go.mod", dir)
		}
	}
}
