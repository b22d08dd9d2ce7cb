package archtest

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// promises are the numbered statements that users rely on.
func promises() []string {
	return strings.Fields("W1 W2 W3 W4 W5 W6 W7 W8 S1 S2 S3 L1 L2")
}

// cites reports whether a test file names a promise: in a comment, or in the name of a
// test, fuzz target or example.
func cites(s source, promise string) bool {
	inText := regexp.MustCompile(`\b` + promise + `\b`)
	inName := regexp.MustCompile(`^(Test|Fuzz|Example|Benchmark).*` + promise + `([^0-9]|$)`)
	for _, decl := range s.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && inName.MatchString(fn.Name.Name) {
			return true
		}
	}
	return slices.ContainsFunc(s.file.Comments, func(c *ast.CommentGroup) bool { return inText.MatchString(c.Text()) })
}

// uncited finds the promises that no test outside this package names.
func uncited(sources []source) []string {
	return slices.DeleteFunc(promises(), func(promise string) bool {
		return slices.ContainsFunc(sources, func(s source) bool {
			return s.isTest() && s.dir() != "internal/archtest" && cites(s, promise)
		})
	})
}

func TestEveryPromiseIsCitedByATest(t *testing.T) {
	assert.Empty(t, uncited(repository(t)), "promises that no test cites")
}

func TestUncitedPromisesAreFound(t *testing.T) {
	all := "// " + strings.Join(promises(), " ")
	assert.Empty(t, uncited(snippets(t, "wal/x_test.go", "package wal\n"+all+"\n")))
	assert.Equal(t, promises(), uncited(snippets(t,
		"wal/x.go", "package wal\n"+all+"\n",
		"internal/archtest/x_test.go", "package archtest\n"+all+"\n")))
}

func TestCitationsAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		"func TestW1OffsetsAreDense() {}":   true,
		"func TestAppend_W1() {}":           true,
		"func FuzzScanW1(f *F) {}":          true,
		"// Shows W1 and W2.\nfunc f() {}":  true,
		"func f() {\n\t// W1: dense.\n}":    true,
		"func TestW10() {}":                 false,
		"func TestW2() {}":                  false,
		"func helperW1() {}":                false,
		"// W12 is another one.\nvar x int": false,
		"var x = \"W1\"":                    false,
	} {
		assert.Equal(t, want, cites(snippet(t, "x_test.go", "package x\n"+text), "W1"), text)
	}
}
