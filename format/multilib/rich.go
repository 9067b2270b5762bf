package multilib

import (
	"fmt"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// need is a dependency, taken apart: a plain one, or a rich one such as
// "(foo if bar)".
type need struct {
	op   string // "" for a plain one
	dep  rpm.Dep
	args []*need // two, or three with an else

	providers []int // of one that a single package must meet; see Pool.index
	indexed   bool
}

// Rich dependencies come from packages: how deep and how long they are is
// bounded.
const (
	maxDepth = 32
	maxWords = 1000
)

// parse takes a dependency apart. One that is no dependency is a plain one, and
// nothing provides it.
func parse(d rpm.Dep) *need {
	if strings.HasPrefix(d.Name, "(") {
		p := parser{rest: d.Name}
		if n, err := p.rich(0); err == nil && p.rest == "" {
			return n
		}
	}
	return &need{dep: d}
}

type parser struct {
	rest  string
	words int
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// rich reads what stands in parentheses.
func (p *parser) rich(depth int) (*need, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested too deep")
	}
	p.rest = p.rest[1:]
	left, err := p.operand(depth)
	if err != nil {
		return nil, err
	}
	for {
		op := p.word()
		switch {
		case op == ")":
			return left, nil
		case op == "else" && (left.op == "if" || left.op == "unless") && len(left.args) == 2:
			right, err := p.operand(depth)
			if err != nil {
				return nil, err
			}
			left.args = append(left.args, right)
			continue
		case op != "and" && op != "or" && op != "if" && op != "unless" && op != "with" && op != "without":
			return nil, fmt.Errorf("operator %q", op)
		}
		right, err := p.operand(depth)
		if p.words++; err == nil && p.words > maxWords {
			err = fmt.Errorf("too long")
		}
		if err != nil {
			return nil, err
		}
		left = &need{op: op, args: []*need{left, right}}
	}
}

func (p *parser) operand(depth int) (*need, error) {
	p.space()
	if strings.HasPrefix(p.rest, "(") {
		return p.rich(depth + 1)
	}
	n := &need{dep: rpm.Dep{Name: p.word()}}
	if n.dep.Name == "" || n.dep.Name == ")" {
		return nil, fmt.Errorf("a name is missing")
	}
	p.space()
	i := 0
	for ; i < len(p.rest) && strings.IndexByte("<>=", p.rest[i]) >= 0; i++ {
		n.dep.Flags |= map[byte]rpm.Sense{'<': rpm.SenseLess, '>': rpm.SenseGreater, '=': rpm.SenseEqual}[p.rest[i]]
	}
	if i > 0 {
		p.rest = p.rest[i:]
		n.dep.Version = p.word()
	}
	return n, nil
}

// word reads to the next space, or to the parenthesis that closes more than the
// word has opened: names hold pairs, as in libc.so.6()(64bit).
func (p *parser) word() string {
	p.space()
	open, i := 0, 0
	for ; i < len(p.rest) && p.rest[i] != ' ' && p.rest[i] != '\t'; i++ {
		if p.rest[i] == '(' {
			open++
		} else if p.rest[i] == ')' {
			if open == 0 {
				break
			}
			open--
		}
	}
	if i == 0 && strings.HasPrefix(p.rest, ")") {
		i = 1
	}
	w := p.rest[:i]
	p.rest = p.rest[i:]
	return w
}

// String is the dependency as people write it.
func (n *need) String() string {
	switch {
	case n.op == "":
		return sentence(n.dep)
	case len(n.args) == 3:
		return fmt.Sprintf("(%s %s %s else %s)", n.args[0], n.op, n.args[1], n.args[2])
	}
	return fmt.Sprintf("(%s %s %s)", n.args[0], n.op, n.args[1])
}

func sentence(d rpm.Dep) string {
	if d.Flags&rpm.SenseCompare == 0 || d.Version == "" {
		return d.Name
	}
	var op strings.Builder
	for _, c := range []struct {
		flag rpm.Sense
		sign byte
	}{{rpm.SenseLess, '<'}, {rpm.SenseGreater, '>'}, {rpm.SenseEqual, '='}} {
		if d.Flags&c.flag != 0 {
			op.WriteByte(c.sign)
		}
	}
	return d.Name + " " + op.String() + " " + d.Version
}

// meets says whether what is provided is what is wanted, as rpm compares: a
// side without a version fits any, and releases count if both sides have one.
func meets(have, want rpm.Dep) bool {
	h, w := have.Flags&rpm.SenseCompare, want.Flags&rpm.SenseCompare
	switch {
	case have.Name != want.Name:
		return false
	case h == 0 || w == 0 || have.Version == "" || want.Version == "":
		return true
	}
	a, b := rpm.ParseEVR(have.Version), rpm.ParseEVR(want.Version)
	if a.Release == "" || b.Release == "" {
		a.Release, b.Release = "", ""
	}
	switch c := a.Compare(b); {
	case c < 0:
		return h&rpm.SenseGreater != 0 || w&rpm.SenseLess != 0
	case c > 0:
		return h&rpm.SenseLess != 0 || w&rpm.SenseGreater != 0
	}
	return h&w != 0
}
