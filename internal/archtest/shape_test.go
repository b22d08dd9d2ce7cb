package archtest

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	maxLines    = 400 // beyond this a file holds more than one idea
	medianLines = 170
)

func TestFilesHoldOneIdea(t *testing.T) {
	sources := repository(t)
	lengths := make([]int, 0, len(sources))
	for _, s := range sources {
		lengths = append(lengths, s.lines)
		assert.LessOrEqual(t, s.lines, maxLines, "%s is too long", s.path)
	}
	got := median(lengths)
	t.Logf("%d files, median %d lines", len(lengths), got)
	assert.LessOrEqual(t, got, medianLines, "half of the files should be within %d lines", medianLines)
}

func median(values []int) int {
	slices.Sort(values)
	return values[len(values)/2]
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 7, median([]int{400, 7, 1}))
	assert.Equal(t, 9, median([]int{9, 1, 3, 30}))
}

// undocumented finds packages without a doc.go, or whose doc.go says nothing. A program of
// one file, main.go, is read from its top.
func undocumented(byDir map[string][]source) []string {
	var found []string
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		documented := slices.ContainsFunc(byDir[dir], func(s source) bool {
			base := path.Base(s.path)
			alone := base == "main.go" && len(byDir[dir]) == 1
			return (base == "doc.go" || alone) && s.file.Doc.Text() != ""
		})
		if !documented {
			found = append(found, dir+": no doc.go with a package comment")
		}
	}
	return found
}

func TestEveryPackageHasItsDocumentation(t *testing.T) {
	report(t, undocumented(packages(repository(t))))
}

func TestMissingDocumentationIsFound(t *testing.T) {
	assert.Equal(t, []string{"bare: no doc.go with a package comment", "mute: no doc.go with a package comment"},
		undocumented(packages([]source{
			snippet(t, "bare/x.go", "// Package bare is described in the wrong file.\npackage bare\n"),
			snippet(t, "mute/doc.go", "package mute\n"),
			snippet(t, "alone/main.go", "// Command alone is described.\npackage main\n"),
			snippet(t, "said/doc.go", "// Package said is described.\npackage said\n"),
			snippet(t, "tests/only_test.go", "package tests\n"),
		})))
}

// sleeps finds time.Sleep in a test that has no synctest bubble. On the real clock it is
// a guess at how long something takes: too short on a busy machine, too long everywhere else.
func sleeps(s source) []string {
	var found []string
	if importName(s.file, "testing/synctest") != "" {
		return nil
	}
	name := importName(s.file, "time")
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
			if pkg, ok := sel.X.(*ast.Ident); ok && name != "" && pkg.Name == name {
				found = append(found, s.at(n.Pos(), "time.Sleep in a test without synctest"))
			}
		}
		return true
	})
	return found
}

// importName is the name under which a file knows a package, or "" if it does not.
func importName(file *ast.File, pkg string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

func TestTestsSleepOnTheFakeClockOnly(t *testing.T) {
	for _, s := range repository(t) {
		if s.isTest() {
			report(t, sleeps(s))
		}
	}
}

func TestSleepsAreFound(t *testing.T) {
	found := []string{"x_test.go:3: time.Sleep in a test without synctest"}
	assert.Equal(t, found, sleeps(snippet(t, "x_test.go", "package x\nimport \"time\"\nfunc f() { time.Sleep(1) }")))
	assert.Equal(t, found, sleeps(snippet(t, "x_test.go", "package x\nimport clock \"time\"\nfunc f() { clock.Sleep(1) }")))
	assert.Empty(t, sleeps(snippet(t, "x_test.go", "package x\nimport \"time\"\nfunc f() { other.Sleep(1) }")))
	assert.Empty(t, sleeps(snippet(t, "x_test.go", "package x\nimport (\"time\"; \"testing/synctest\")\nfunc f() { time.Sleep(1) }")))
}
