package multilib

import "github.com/kura-build/kura/format/rpm"

// Missing is something that a package needs and nothing provides.
type Missing struct {
	Package int // who needs it
	Need    string
}

// Close gives the wanted packages and all that they need: what they require,
// what they recommend and what supplements them, as far as it is there. The
// wanted ones come first. What is required and not there is told.
func (p *Pool) Close(wanted []int) ([]int, []Missing) {
	p.findBroken()
	c := closure{Pool: p, in: make([]bool, len(p.packages)), told: map[Missing]bool{}}
	for _, i := range wanted {
		c.add(i)
	}
	for done := -1; done != len(c.order); {
		c.required()
		done = len(c.order)
		c.conditions()
		if len(c.order) == done {
			c.recommended()
		}
	}
	return c.order, c.missing
}

// closure is one answer while it grows.
type closure struct {
	*Pool
	in      []bool
	order   []int
	next    int       // the first in order whose requirements were not looked at
	later   []pending // what must be looked at again when more is chosen
	missing []Missing
	told    map[Missing]bool
}

type pending struct {
	of   int
	need *need
}

func (c *closure) add(i int) {
	if !c.in[i] {
		c.in[i] = true
		c.order = append(c.order, i)
	}
}

func (c *closure) required() {
	for ; c.next < len(c.order); c.next++ {
		i := c.order[c.next]
		for _, n := range c.requires[i] {
			if !n.single() {
				c.later = append(c.later, pending{i, n})
			}
			c.meet(i, n)
		}
	}
}

func (c *closure) conditions() {
	for _, l := range c.later {
		c.meet(l.of, l.need)
	}
}

// recommended adds what is not necessary, when all that is has been found.
func (c *closure) recommended() {
	for _, i := range c.order[:len(c.order):len(c.order)] {
		for _, n := range c.weak[i] {
			if !c.holds(n) && c.can(n) {
				c.meet(-1, n)
			}
		}
	}
	for i, needs := range c.reverse {
		for _, n := range needs {
			if !c.in[i] && !c.broken[i] && c.holds(n) {
				c.add(i)
			}
		}
	}
}

// holds says whether what is chosen meets a need.
func (c *closure) holds(n *need) bool {
	switch n.op {
	case "and":
		return c.holds(n.args[0]) && c.holds(n.args[1])
	case "or":
		return c.holds(n.args[0]) || c.holds(n.args[1])
	case "if", "unless":
		if c.holds(n.args[1]) == (n.op == "if") {
			return c.holds(n.args[0])
		}
		return len(n.args) < 3 || c.holds(n.args[2])
	}
	for _, i := range c.index(n) {
		if c.in[i] {
			return true
		}
	}
	return false
}

// meet chooses what meets a need of a package; -1 does without.
func (c *closure) meet(of int, n *need) {
	switch n.op {
	case "and":
		c.meet(of, n.args[0])
		c.meet(of, n.args[1])
	case "or":
		if c.holds(n) {
			return
		}
		if c.can(n.args[0]) || !c.can(n.args[1]) {
			c.meet(of, n.args[0])
		} else {
			c.meet(of, n.args[1])
		}
	case "if", "unless":
		if c.holds(n.args[1]) == (n.op == "if") {
			c.meet(of, n.args[0])
		} else if len(n.args) == 3 {
			c.meet(of, n.args[2])
		}
	default:
		switch {
		case c.holds(n):
		case len(c.index(n)) > 0:
			if i := c.best(n); of >= 0 || !c.broken[i] {
				c.add(i)
			}
		case of >= 0:
			m := Missing{of, n.String()}
			if !c.told[m] {
				c.told[m] = true
				c.missing = append(c.missing, m)
			}
		}
	}
}

// Describe names a package for messages.
func (p *Package) Describe() string {
	return rpm.NEVRA{Name: p.Name, Version: p.EVR.Version, Release: p.EVR.Release, Arch: p.Arch}.NVRA()
}
