package policy

import (
	"fmt"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// Data is what a policy decides about: who asks, and facts by name. A fact is a
// string, a number, a bool, a []string, nil, or a Lazy that gives one of them.
type Data struct {
	User  account.Actor
	Facts map[string]any
	// Derived are facts that follow from those. Tests find them before the
	// facts of the same name, but for the test has, which tells what was said.
	Derived map[string]Lazy
	// Uncovered is the action where no rule applies; "" denies.
	Uncovered string

	set     *Set            // for tests that ask other policies
	running map[string]bool // policies being asked
	found   map[string]any  // of Derived, once asked
}

// Lazy is a fact that costs something to find out; it is asked at most once.
type Lazy func() (any, error)

// Fact gives a fact; has is false for one that was not brought.
func (d *Data) Fact(name string) (v any, has bool, err error) {
	if lazy, ok := d.Derived[name]; ok {
		if v, has = d.found[name]; has {
			return v, true, nil
		}
		if v, err = lazy(); err == nil {
			if d.found == nil {
				d.found = map[string]any{}
			}
			d.found[name] = v
		}
		return v, true, err
	}
	v, has = d.Facts[name]
	if lazy, ok := v.(Lazy); ok {
		if v, err = lazy(); err != nil {
			return nil, true, err
		}
		d.Facts[name] = v
	}
	return v, has, nil
}

// Text gives a fact as a string; ok is false for none and for nil.
func (d *Data) Text(name string) (s string, ok bool, err error) {
	v, has, err := d.Fact(name)
	if !has || v == nil || err != nil {
		return "", false, err
	}
	if s, ok := v.(string); ok {
		return s, true, nil
	}
	return fmt.Sprint(v), true, nil
}

// List gives a fact as strings; a single one is a list of one.
func (d *Data) List(name string) ([]string, error) {
	v, has, err := d.Fact(name)
	if !has || v == nil || err != nil {
		return nil, err
	}
	if l, ok := v.([]string); ok {
		return l, nil
	}
	return []string{fmt.Sprint(v)}, nil
}

// True gives a fact as a condition: not none, false, zero or empty.
func (d *Data) True(name string) (bool, error) {
	v, has, err := d.Fact(name)
	if !has || err != nil {
		return false, err
	}
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		return v != "", nil
	case []string:
		return len(v) > 0, nil
	}
	n, ok := number(v)
	return !ok || n != 0, nil
}

// Result is what a policy says.
type Result struct {
	Action  string // as written, with its arguments; "" where no rule applies
	Rule    string // the tests that led to it
	Matched bool
}

// Eval asks the rules.
func (r *Rules) Eval(d *Data) (Result, error) {
	var path []string
	action, err := apply(r.rules, d, &path)
	if err != nil {
		return Result{}, kura.Errorf("policy.Eval", kura.Invalid, "policy %s: %w", r.name, err)
	}
	return Result{Action: action, Rule: strings.Join(path, " … "), Matched: action != ""}, nil
}

func apply(rules []rule, d *Data, path *[]string) (string, error) {
	for _, r := range rules {
		ok := true
		for _, t := range r.tests {
			var err error
			if ok, err = t.run(d, t.args); err != nil {
				return "", fmt.Errorf("test %s: %w", t.name, err)
			}
			if !ok {
				break
			}
		}
		if ok == r.negate {
			continue
		}
		sign := " ::"
		if r.negate {
			sign = " !!"
		}
		if r.action != "{" {
			*path = append(*path, r.text+sign+" "+r.action)
			return r.action, nil
		}
		depth := len(*path)
		*path = append(*path, r.text+sign)
		action, err := apply(r.nested, d, path)
		if action != "" || err != nil {
			return action, err
		}
		*path = (*path)[:depth]
	}
	return "", nil
}
