package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// ownsGoroutines reports whether a file may start goroutines. In the library there are
// few such files, each with a stop and a join: a goroutine that starts anywhere else
// outlives Close, and then holds the directory or writes to a closed log. That of the
// middleware is a timer, which is stopped and waited for before its request ends.
func ownsGoroutines(path string) bool {
	if slices.Contains([]string{"ledger/client.go", "sender/sender.go", "middleware/started.go"}, path) {
		return true
	}
	programs := []string{"bench/", "cmd/", "examples/", "internal/harness/", "internal/itest/"}
	return slices.ContainsFunc(programs, func(dir string) bool { return strings.HasPrefix(path, dir) })
}

// goroutineStarts finds go statements, the Go methods of sync.WaitGroup and errgroup,
// and AfterFunc of time and context, which runs its function on a goroutine too.
func goroutineStarts(s source) []string {
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, s.at(n.Pos(), "go statement outside the owner files"))
		case *ast.CallExpr:
			callee, ok := n.Fun.(*ast.SelectorExpr)
			if ok && (callee.Sel.Name == "Go" || callee.Sel.Name == "AfterFunc") {
				found = append(found, s.at(callee.Sel.Pos(), "%s outside the owner files", callee.Sel.Name))
			}
		}
		return true
	})
	return found
}

func TestGoroutinesStartInOwnerFilesOnly(t *testing.T) {
	for _, s := range repository(t) {
		if !s.isTest() && !ownsGoroutines(s.path) {
			report(t, goroutineStarts(s))
		}
	}
}

func TestGoroutineStartsAreFound(t *testing.T) {
	s := snippet(t, "wal/x.go", `package wal
func spill() {
	go func() {}()
	group.Go(spill)
	s.group.Go(spill)
	time.AfterFunc(1, spill)
	context.AfterFunc(ctx, spill)
	t.Going()
	Go()
}`)
	assert.Equal(t, []string{
		"wal/x.go:3: go statement outside the owner files",
		"wal/x.go:4: Go outside the owner files",
		"wal/x.go:5: Go outside the owner files",
		"wal/x.go:6: AfterFunc outside the owner files",
		"wal/x.go:7: AfterFunc outside the owner files",
	}, goroutineStarts(s))
}

func TestOwnerFilesAreNamedExactly(t *testing.T) {
	for path, owns := range map[string]bool{
		"ledger/client.go":          true,
		"sender/sender.go":          true,
		"cmd/ledger-replay/main.go": true,
		"ledger/spill.go":           false,
		"wal/client.go":             false,
		"internal/ring/ring.go":     false,
		"examples.go":               false,
	} {
		assert.Equal(t, owns, ownsGoroutines(path), path)
	}
}
