package lint

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// statement is how a text begins that is SQL.
var statement = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|DROP|TRUNCATE|MERGE)\s+\S+[\s\S]*\b(FROM|VALUES|SET|AS|TABLE|INDEX|INTO|EXISTS)\b`)

// What of package db speaks SQL. The rest of it, above all DB, Tx, View and
// Update, only opens transactions.
var (
	sqlNames   = []string{"All", "Builder", "Change", "Column", "Each", "Find", "In", "Rows", "Scanner", "Stream"}
	sqlMethods = []string{"Exec", "Get", "Insert", "Query", "Row"}
)

// sql finds SQL outside db and the hub. A way in that wrote some would go round
// the checks of the room that owns the table.
func (t *tree) sql() {
	for _, f := range t.files {
		first, _, _ := strings.Cut(f.path, "/")
		if f.test || first == "db" || first == "hub" || first == "test" {
			continue
		}
		db := f.name(t.module + "/db")
		txs := transactions(f.ast, db)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Kind == token.STRING && statement.MatchString(text(n)) {
					t.problem(f.at(n.Pos()), "SQL outside the hub: the room that owns the table writes it")
				}
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok || db == "" {
					break
				}
				if x.Name == db && slices.Contains(sqlNames, n.Sel.Name) || txs[x.Name] && slices.Contains(sqlMethods, n.Sel.Name) {
					t.problem(f.at(n.Pos()), "%s.%s speaks SQL: outside the hub, ask the room that owns the table", x.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// transactions are the names that parameters, fields and variables of type
// *db.Tx have in a file.
func transactions(f *ast.File, db string) map[string]bool {
	names := map[string]bool{}
	if db == "" {
		return names
	}
	isTx := func(e ast.Expr) bool {
		star, ok := e.(*ast.StarExpr)
		if !ok {
			return false
		}
		s, ok := star.X.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "Tx" {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == db
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				names[name.Name] = names[name.Name] || isTx(n.Type)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = names[name.Name] || n.Type != nil && isTx(n.Type)
			}
		}
		return true
	})
	return names
}

// text is the value of a string literal, or "".
func text(e ast.Node) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}
