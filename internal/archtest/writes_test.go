package archtest

import (
	"go/ast"
	"go/token"
	"slices"
)

// writes yields every expression that a file assigns to, or whose address it gives away.
func writes(file *ast.File) map[token.Pos]ast.Expr {
	found := map[token.Pos]ast.Expr{}
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if e != nil {
				found[e.Pos()] = e
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			add(n.Lhs...)
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.RangeStmt:
			add(n.Key, n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X)
			}
		case *ast.CallExpr:
			name, ok := n.Fun.(*ast.Ident)
			if ok && slices.Contains([]string{"clear", "copy", "delete"}, name.Name) && len(n.Args) > 0 {
				add(n.Args[0])
			}
		}
		return true
	})
	return found
}

// root is the variable that a write reaches into: v in v, v.f, v[i], (*v).f[i].
func root(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		default:
			return nil
		}
	}
}
