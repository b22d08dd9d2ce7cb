package archtest

import (
	"errors"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// initFunctions finds init functions: work at import time that no caller asked for,
// cannot order and cannot see fail.
func initFunctions(s source) []string {
	var found []string
	for _, decl := range s.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			found = append(found, s.at(fn.Pos(), "init function"))
		}
	}
	return found
}

// mutableGlobals finds package-level variables that one package changes after start, or
// that are made to be changed: two clients in one process would meet in them. Sentinel
// errors, regular expressions and tables that are only read are no state, nor is a
// sync.Pool, whose contents nobody can observe.
func mutableGlobals(pkg []source) []string {
	uses, isGlobal := resolve(pkg)
	var found []string
	for _, s := range pkg {
		found = append(found, statefulDeclarations(s)...)
		for pos, expr := range writes(s.file) {
			if id := root(expr); id != nil && isGlobal(uses[id]) {
				found = append(found, s.at(pos, "package-level variable %s is changed", id.Name))
			}
		}
	}
	slices.Sort(found)
	return found
}

// resolve tells a package-level variable from a local one of the same name. Imports are
// not loaded: what comes from them has no type here, and the rule does not need it.
func resolve(pkg []source) (uses map[*ast.Ident]types.Object, isGlobal func(types.Object) bool) {
	files := make([]*ast.File, len(pkg))
	for i, s := range pkg {
		files[i] = s.file
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	checked, _ := config.Check("p", pkg[0].fset, files, info) // always an error: it lacks the imports
	return info.Uses, func(o types.Object) bool {
		v, ok := o.(*types.Var)
		return ok && v.Parent() == checked.Scope()
	}
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

// packages groups the shipped files by package.
func packages(sources []source) map[string][]source {
	byDir := map[string][]source{}
	for _, s := range sources {
		if !s.isTest() {
			byDir[s.dir()] = append(byDir[s.dir()], s)
		}
	}
	return byDir
}

func TestNoPackageLevelState(t *testing.T) {
	byDir := packages(repository(t))
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		report(t, mutableGlobals(byDir[dir]))
		for _, s := range byDir[dir] {
			report(t, initFunctions(s))
		}
	}
}

func TestInitFunctionsAreFound(t *testing.T) {
	s := snippet(t, "wal/x.go", "package wal\n\nfunc init() {}\nfunc (t T) init() {}\nfunc initialize() {}\n")
	assert.Equal(t, []string{"wal/x.go:3: init function"}, initFunctions(s))
}
