package lint

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tree is the source that is looked at.
type tree struct {
	root     string
	module   string
	fset     *token.FileSet
	files    []*file
	problems []string
	long     []string // files worth splitting, not yet wrong
}

// file is one Go file.
type file struct {
	path  string // relative to the tree, with slashes
	lines int
	ast   *ast.File
	test  bool
	made  bool // by a generator
	fset  *token.FileSet
}

type imported struct {
	path string
	pos  token.Pos
}

// Check looks at the tree below root. It gives what breaks a law, and which
// files are longer than files should be.
func Check(root string) (problems, long []string, err error) {
	rules, err := readRules(root)
	if err != nil {
		return nil, nil, err
	}
	t := &tree{root: root, fset: token.NewFileSet()}
	if t.module, err = module(root); err != nil {
		return nil, nil, err
	}
	if err := t.read(); err != nil {
		return nil, nil, err
	}
	t.imports(rules)
	t.comments()
	t.lengths()
	t.shells()
	t.sql()
	slices.Sort(t.problems)
	return t.problems, t.long, nil
}

func module(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if m, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return m, nil
		}
	}
	return "", errors.New("go.mod names no module")
}

// left are the files, besides Go's, that are looked at for things left for later.
var left = []string{".sql", ".sh", ".yml", ".md", ".toml", ".css", ".js", ".html"}

func (t *tree) read() error {
	return filepath.WalkDir(t.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			base := d.Name()
			if rel != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || rel == "var" || rel == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		switch ext := path.Ext(rel); {
		case ext == ".go":
			return t.parse(rel)
		case slices.Contains(left, ext):
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for i, line := range bytes.Split(b, []byte("\n")) {
				t.later(fmt.Sprintf("%s:%d", rel, i+1), string(line))
			}
		}
		return nil
	})
}

func (t *tree) parse(rel string) error {
	b, err := os.ReadFile(filepath.Join(t.root, rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // an editor's file that is gone again
	} else if err != nil {
		return err
	}
	a, err := parser.ParseFile(t.fset, rel, b, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &file{path: rel, lines: bytes.Count(b, []byte("\n")), ast: a, fset: t.fset,
		test: strings.HasSuffix(rel, "_test.go"), made: ast.IsGenerated(a)}
	t.files = append(t.files, f)
	for _, g := range a.Comments {
		for _, c := range g.List {
			t.later(f.at(c.Pos()), c.Text)
		}
	}
	return nil
}

func (t *tree) problem(at, format string, args ...any) {
	t.problems = append(t.problems, at+": "+fmt.Sprintf(format, args...))
}

// dirs are the directories that hold a package.
func (t *tree) dirs() []string {
	var all []string
	for _, f := range t.files {
		all = append(all, path.Dir(f.path))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (f *file) at(p token.Pos) string {
	pos := f.fset.Position(p)
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

func (f *file) imports() []imported {
	var all []imported
	for _, i := range f.ast.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue // the parser has accepted it: does not happen
		}
		all = append(all, imported{p, i.Pos()})
	}
	return all
}

// name is what the file calls a package, or "" where it does not import it.
func (f *file) name(pkg string) string {
	for _, i := range f.ast.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == pkg {
			if i.Name != nil {
				return i.Name.Name
			}
			return path.Base(pkg)
		}
	}
	return ""
}
