package policy

import (
	"fmt"
	"maps"
	"strconv"
)

// Test is a kind of test.
type Test struct {
	Args  int                       // it needs at least so many
	Check func(args []string) error // of arguments, when a policy is read; may be nil
	Run   func(d *Data, args []string) (bool, error)
}

// Tests are kinds of tests by name.
type Tests map[string]Test

// With gives these tests and others, which may replace some.
func (t Tests) With(more Tests) Tests {
	all := maps.Clone(t)
	maps.Copy(all, more)
	return all
}

// matches tests one fact against globs.
func matches(fact string) Test {
	return Test{Run: func(d *Data, args []string) (bool, error) {
		s, ok, err := d.Text(fact)
		return ok && matchAny(args, s), err
	}}
}

// someMatch tests whether any of a list's strings matches.
func someMatch(fact string) Test {
	return Test{Run: func(d *Data, args []string) (bool, error) {
		list, err := d.List(fact)
		for _, s := range list {
			if matchAny(args, s) {
				return true, err
			}
		}
		return false, err
	}}
}

// isTrue tests a fact as a condition.
func isTrue(fact string) Test {
	return Test{Run: func(d *Data, _ []string) (bool, error) { return d.True(fact) }}
}

func constant(v bool) Test {
	return Test{Run: func(*Data, []string) (bool, error) { return v, nil }}
}

// Standard gives the tests that all policies know. The facts they look at have
// the names that Koji gives them, but where the comment says otherwise.
func Standard() Tests {
	return Tests{
		"true": constant(true), "all": constant(true),
		"false": constant(false), "none": constant(false),

		"has":       {Args: 1, Run: has},
		"bool":      {Args: 1, Run: func(d *Data, args []string) (bool, error) { return d.True(args[0]) }},
		"match":     {Args: 1, Run: func(d *Data, args []string) (bool, error) { return matches(args[0]).Run(d, args[1:]) }},
		"match_any": {Args: 1, Run: func(d *Data, args []string) (bool, error) { return someMatch(args[0]).Run(d, args[1:]) }},
		"match_all": {Args: 1, Run: matchAll},
		"compare":   {Args: 3, Check: checkCompare, Run: compare},
		"policy":    {Args: 1, Run: askPolicy},

		"user": {Run: func(d *Data, args []string) (bool, error) {
			return d.User.LoggedIn() && matchAny(args, d.User.Name), nil
		}},
		"user_in_group": {Run: userInGroup},
		"has_perm":      {Run: hasPerm},

		"method": matches("method"), "target": matches("target"), "operation": matches("operation"),
		"tag": matches("tag"), "fromtag": matches("fromtag"), // names
		"package": matches("package"), "version": matches("version"), "release": matches("release"),
		"source": matches("source"), "volume": matches("volume"), "vm_name": matches("vm_name"),

		"hastag":                 someMatch("tags"),              // all tags of the build
		"buildtag":               someMatch("build_tags"),        // the tags in whose roots it was, or will be, built
		"buildtag_inherits_from": someMatch("build_tag_parents"), // and what those inherit from
		"buildtype":              someMatch("btypes"),
		"cg_match_any":           someMatch("cg_list"),
		"cg_match_all":           {Run: func(d *Data, args []string) (bool, error) { return matchAll(d, append([]string{"cg_list"}, args...)) }},

		"skip_tag": isTrue("skip_tag"), "is_draft": isTrue("draft"), "imported": isTrue("imported"),
		"is_child_task":      isTrue("parent"),
		"is_new_package":     isTrue("new_package"),
		"may_change_sources": isTrue("may_change_sources"), // of the package, in dist-git
		"is_build_owner":     {Run: isBuildOwner},          // build_owner: a user's id
	}
}

func has(d *Data, args []string) (bool, error) {
	_, ok := d.Facts[args[0]]
	return ok, nil
}

func matchAll(d *Data, args []string) (bool, error) {
	list, err := d.List(args[0])
	for _, s := range list {
		if !matchAny(args[1:], s) {
			return false, err
		}
	}
	return len(list) > 0, err
}

func userInGroup(d *Data, args []string) (bool, error) {
	for _, g := range d.User.Groups {
		if matchAny(args, g) {
			return true, nil
		}
	}
	return false, nil
}

// hasPerm asks for the permission itself: being an admin is not having it. The
// hub itself has all.
func hasPerm(d *Data, args []string) (bool, error) {
	for p := range d.User.Perms {
		if matchAny(args, p) {
			return true, nil
		}
	}
	return d.User.ID == 0 && d.User.LoggedIn(), nil
}

func isBuildOwner(d *Data, _ []string) (bool, error) {
	v, has, err := d.Fact("build_owner")
	if !has || err != nil {
		return false, err
	}
	n, ok := number(v)
	return ok && d.User.Is(int64(n)), nil
}

var operators = map[string]func(a, b float64) bool{
	"<":  func(a, b float64) bool { return a < b },
	">":  func(a, b float64) bool { return a > b },
	"<=": func(a, b float64) bool { return a <= b },
	">=": func(a, b float64) bool { return a >= b },
	"=":  func(a, b float64) bool { return a == b },
	"!=": func(a, b float64) bool { return a != b },
}

func checkCompare(args []string) error {
	if operators[args[1]] == nil {
		return fmt.Errorf("%.20q is no comparison", args[1])
	}
	if _, err := strconv.ParseFloat(args[2], 64); err != nil || len(args) > 3 {
		return fmt.Errorf("%.40q is no number", args[2:])
	}
	return nil
}

func compare(d *Data, args []string) (bool, error) {
	v, has, err := d.Fact(args[0])
	if !has || v == nil || err != nil {
		return false, err
	}
	a, ok := number(v)
	if !ok {
		return false, fmt.Errorf("%s is %v, which is no number", args[0], v)
	}
	b, err := strconv.ParseFloat(args[2], 64)
	return operators[args[1]](a, b), err
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// askPolicy is true when another policy says yes, true or allow.
func askPolicy(d *Data, args []string) (bool, error) {
	if d.set == nil {
		return false, fmt.Errorf("policy %s cannot be asked here", args[0])
	}
	r, err := d.set.Eval(args[0], d)
	switch r.Action {
	case "yes", "true", "allow":
		return true, err
	}
	return false, err
}
