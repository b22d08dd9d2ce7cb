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
		if dir != "./." && dir != "./internal/itest/e2e" { // see go.work
			want = append(want, dir)
		}
	}
	assert.ElementsMatch(t, want, workspace(string(work)))
}

func TestWorkspaceDirectoriesAreFound(t *testing.T) {
	assert.Equal(t, []string{".", "./cmd/x"}, workspace("go 1.26.0\n\nuse (\n\t.\n\t./cmd/x\n)\n\nreplace x => y\n"))
	assert.Equal(t, []string{"./cmd/x"}, workspace("go 1.26.0\n\nuse ./cmd/x\n"))
}

// A replace directive stops `go install module@version`, so no command may have one. A
// library beside this one has one for the root module, until both have a version: importers
// do not see it, and take the version that is required.
func TestOnlyTheRootModuleIsReplaced(t *testing.T) {
	root := filepath.Join("..", "..")
	replaced := regexp.MustCompile(`(?m)^[ \t]*replace\b.*$`)
	for dir, text := range modules(t, root) {
		if strings.HasPrefix(dir, "./internal/itest/") || strings.HasPrefix(dir, "./examples/") || dir == "./bench" {
			continue // nobody imports them
		}
		up, err := filepath.Rel(dir, ".")
		require.NoError(t, err)
		found := replaced.FindAllString(text, -1)
		switch {
		case dir == "./." || strings.HasPrefix(dir, "./cmd/"):
			assert.Empty(t, found, "%s/go.mod", dir)
		default:
			want := "replace github.com/ledger-sdk/ledger-go => " + filepath.ToSlash(up)
			require.Len(t, found, 1, "%s/go.mod", dir)
			assert.Equal(t, want, strings.TrimSuffix(found[0], "/"), "%s/go.mod", dir)
			assert.Regexp(t, `(?m)^\tgithub.com/ledger-sdk/ledger-go v\S+$`, text, "%s/go.mod", dir)
		}
	}
}
