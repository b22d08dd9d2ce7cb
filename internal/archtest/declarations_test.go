package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// statefulDeclarations finds variables whose type is for sharing changes (locks, atomics,
// channels) and pointers to fresh values, which are changed through their methods.
func statefulDeclarations(s source) []string {
	var found []string
	for _, decl := range s.file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok && holdsState(spec) {
				found = append(found, s.at(spec.Pos(), "package-level variable %s holds state", spec.Names[0].Name))
			}
		}
	}
	return found
}

func holdsState(spec *ast.ValueSpec) bool {
	if spec.Type != nil && shares(spec.Type) {
		return true
	}
	isError := strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "err")
	return slices.ContainsFunc(spec.Values, func(value ast.Expr) bool {
		return shares(value) || (isFresh(value) && !isError)
	})
}

// shares reports whether a type, or the literal that a variable starts with, is a
// channel, a lock or an atomic.
func shares(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.ChanType:
		return true
	case *ast.StarExpr:
		return shares(e.X)
	case *ast.ArrayType:
		return shares(e.Elt)
	case *ast.MapType:
		return shares(e.Value)
	case *ast.IndexExpr: // atomic.Pointer[T]
		return shares(e.X)
	case *ast.CompositeLit:
		return e.Type != nil && shares(e.Type)
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		return ok && name.Name == "make" && shares(e.Args[0])
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		return ok && (pkg.Name == "atomic" || (pkg.Name == "sync" && e.Sel.Name != "Pool"))
	}
	return false
}

func isFresh(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.UnaryExpr:
		_, literal := e.X.(*ast.CompositeLit)
		return e.Op == token.AND && literal
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		return ok && name.Name == "new"
	}
	return false
}
