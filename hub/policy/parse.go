package policy

import (
	"fmt"
	"strings"
)

// Rules is a policy, ready to be asked.
type Rules struct {
	name  string
	rules []rule
}

type rule struct {
	tests  []bound
	negate bool
	action string
	nested []rule // in place of an action
	text   string // its tests as written, for explanations
}

// bound is a test with its arguments.
type bound struct {
	name string
	args []string
	run  func(d *Data, args []string) (bool, error)
}

// Bounds of a policy's text.
const (
	maxText  = 1 << 20
	maxDepth = 32
)

// Parse reads a policy. Its tests must be known, and their arguments right, so
// that a mistake shows when a hub starts and not when a rule is reached.
func Parse(name, text string, tests Tests) (*Rules, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("policy %s has %d bytes, more than %d", name, len(text), maxText)
	}
	stack := [][]rule{nil} // the blocks that are open, outermost first
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) (*Rules, error) {
			return nil, fmt.Errorf("policy %s, line %d: %w", name, i+1, fmt.Errorf(format, args...))
		}
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if line == "}" {
			if len(stack) == 1 {
				return fail("a } without its {")
			}
			inner := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			outer := stack[len(stack)-1]
			outer[len(outer)-1].nested = inner
			continue
		}
		r, err := parseRule(line, tests)
		if err != nil {
			return fail("%w", err)
		}
		top := len(stack) - 1
		stack[top] = append(stack[top], r)
		if r.action == "{" {
			if len(stack) == maxDepth {
				return fail("blocks nested deeper than %d", maxDepth)
			}
			stack = append(stack, []rule{})
		}
	}
	if len(stack) > 1 {
		return nil, fmt.Errorf("policy %s: a { without its }", name)
	}
	return &Rules{name: name, rules: stack[0]}, nil
}

func parseRule(line string, tests Tests) (rule, error) {
	var r rule
	pos := strings.LastIndex(line, "::")
	if pos < 0 {
		if pos = strings.LastIndex(line, "!!"); pos < 0 {
			return r, fmt.Errorf("%.100q has neither :: nor !!", line)
		}
		r.negate = true
	}
	r.text, r.action = strings.TrimSpace(line[:pos]), strings.TrimSpace(line[pos+2:])
	if r.action == "" {
		return r, fmt.Errorf("%.100q has no action", line)
	}
	for part := range strings.SplitSeq(r.text, "&&") {
		words := strings.Fields(part)
		if len(words) == 0 {
			return r, fmt.Errorf("%.100q lacks a test", line)
		}
		t, known := tests[words[0]]
		if !known {
			return r, fmt.Errorf("no test is called %.100q", words[0])
		}
		args := words[1:]
		if len(args) < t.Args {
			return r, fmt.Errorf("test %s needs %d arguments, has %d", words[0], t.Args, len(args))
		}
		if t.Check != nil {
			if err := t.Check(args); err != nil {
				return r, fmt.Errorf("test %s: %w", words[0], err)
			}
		}
		r.tests = append(r.tests, bound{words[0], args, t.Run})
	}
	return r, nil
}

// Actions lists the first words of all actions, each once: for a check that a
// policy says nothing that nobody understands.
func (r *Rules) Actions() []string {
	var out []string
	seen := map[string]bool{}
	var walk func([]rule)
	walk = func(rules []rule) {
		for _, r := range rules {
			if r.action == "{" {
				walk(r.nested)
				continue
			}
			word := strings.Fields(r.action)[0]
			if !seen[word] {
				seen[word] = true
				out = append(out, word)
			}
		}
	}
	walk(r.rules)
	return out
}
