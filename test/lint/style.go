package lint

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

const (
	mostLines   = 800 // more cannot be read at one go: not allowed
	shouldLines = 400 // nine files in ten stay below
)

func (t *tree) lengths() {
	for _, f := range t.files {
		switch {
		case f.made:
		case f.lines > mostLines:
			t.problem(f.path, "%d lines: split it, no file has more than %d", f.lines, mostLines)
		case f.lines > shouldLines:
			t.long = append(t.long, fmt.Sprintf("%s: %d lines", f.path, f.lines))
		}
	}
}

// comments asks every package what it is for.
func (t *tree) comments() {
	said := map[string]bool{}
	for _, f := range t.files {
		dir := path.Dir(f.path)
		said[dir] = said[dir] || f.ast.Doc != nil && !f.test
	}
	for _, dir := range t.dirs() {
		if !said[dir] {
			t.problem(dir, "the package has no comment: add a doc.go that says what it is for and what it must not know")
		}
	}
}

// unfinished are the marks of what is left for later, spelt so that this file
// does not carry them.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)

func (t *tree) later(at, text string) {
	if m := unfinished.FindString(text); m != "" {
		t.problem(at, "%s: do it, or leave it out", m)
	}
}

// shells finds programs run through a shell, where a name from outside would
// be a command, and tests that skip, which pass without having looked.
func (t *tree) shells() {
	for _, f := range t.files {
		os := f.name("os/exec")
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				s, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					break
				}
				x, _ := s.X.(*ast.Ident)
				if x != nil && x.Name == os && strings.HasPrefix(s.Sel.Name, "Command") && !f.test {
					for _, a := range n.Args {
						if shell(a) {
							t.problem(f.at(n.Pos()), "runs a shell: run the program itself, with its arguments")
						}
					}
				}
				if x != nil && f.test && (s.Sel.Name == "Skip" || s.Sel.Name == "Skipf" || s.Sel.Name == "SkipNow") && len(x.Name) <= 2 {
					t.problem(f.at(n.Pos()), "skips a test: let it fail with a sentence that says what is missing")
				}
			case *ast.CompositeLit:
				// An argument list made beforehand.
				if f.test {
					break
				}
				for i, e := range n.Elts {
					if shell(e) && i+1 < len(n.Elts) && strings.HasPrefix(text(n.Elts[i+1]), "-") && strings.HasSuffix(text(n.Elts[i+1]), "c") {
						t.problem(f.at(n.Pos()), "runs a shell: run the program itself, with its arguments")
					}
				}
			}
			return true
		})
	}
}

func shell(e ast.Expr) bool {
	switch path.Base(text(e)) {
	case "sh", "bash", "dash", "zsh":
		return true
	}
	return false
}
