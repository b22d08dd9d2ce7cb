package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is one parsed Go file. Its path is relative to the repository, with slashes.
type source struct {
	path  string
	lines int
	fset  *token.FileSet
	file  *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) dir() string { return path.Dir(s.path) }

// at places a finding the way the go command does, so that an editor can jump to it.
func (s source) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

func parse(fset *token.FileSet, name string, text []byte) (source, error) {
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{path: name, lines: bytes.Count(text, []byte("\n")), fset: fset, file: file}, err
}

// snippet parses source written in a test, under a path that rules may look at.
func snippet(t *testing.T, name, text string) source {
	t.Helper()
	return snippets(t, name, text)[0]
}

// snippets does so for several files of one package: path and text in turn.
func snippets(t *testing.T, pairs ...string) []source {
	t.Helper()
	fset := token.NewFileSet()
	var sources []source
	for pair := range slices.Chunk(pairs, 2) {
		s, err := parse(fset, pair[0], []byte(pair[1]))
		require.NoError(t, err)
		sources = append(sources, s)
	}
	return sources
}

// repository parses every Go file of every module.
func repository(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	require.FileExists(t, filepath.Join(root, "go.work"), "archtest moved: it no longer sees the repository")

	fset := token.NewFileSet()
	var sources []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && skipDir(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s, err := parse(fset, filepath.ToSlash(rel), text)
		sources = append(sources, s)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	return sources
}

// skipDir names what the go command skips too, and where builds leave things.
func skipDir(name string) bool {
	switch name {
	case "bin", "testdata", "vendor", "node_modules":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func TestTheWholeRepositoryIsSeen(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range repository(t) {
		seen[strings.SplitN(s.path, "/", 2)[0]] = true
	}
	for _, dir := range []string{"cmd", "examples", "internal", "ledger", "middleware", "scripts", "sender", "wal"} {
		assert.True(t, seen[dir], "no source seen in %s", dir)
	}
	assert.False(t, skipDir("ledger"))
	for _, dir := range []string{".git", ".cache", "_old", "bin", "testdata"} {
		assert.True(t, skipDir(dir), dir)
	}
}

// report fails the test once per finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}
