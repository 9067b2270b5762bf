package koji

import (
	"context"
	"iter"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// terms is what is searched for.
type terms struct {
	text  string
	like  string            // a glob: the part of the search that the database does
	match func(string) bool // of a glob or a regular expression; nil: the very text
}

func readTerms(text, how string) (terms, error) {
	const op = "koji.search"
	t := terms{text: text}
	if text == "" {
		return t, kura.Errorf(op, kura.Invalid, "empty search terms")
	}
	var pattern string
	switch how {
	case "glob":
		t.like = text
		pattern = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(text))
		pattern = "(?is)^" + pattern + "$"
	case "regexp":
		if t.like = begins(text); t.like == "" {
			t.like = contains(text)
		}
		pattern = "(?i)" + text
	default:
		return t, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return t, kura.Errorf(op, kura.Invalid, "Invalid regular expression %q: %w", text, err)
	}
	t.match = re.MatchString
	return t, nil
}

func (t terms) admits(name string) bool {
	if t.match != nil {
		return t.match(name)
	}
	return name == t.text
}

// begins gives a glob of how everything begins that a regular expression
// matches; it is empty for what can begin with anything.
func begins(pattern string) string {
	rest, anchored := strings.CutPrefix(pattern, "^")
	if !anchored || rest == "" || strings.Contains(rest, "|") {
		return ""
	}
	n := strings.IndexFunc(rest, func(c rune) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
	switch {
	case n < 0:
		return rest + "*"
	case n > 0 && strings.ContainsRune("*?{", rune(rest[n])): // the last letter may be missing
		n--
	}
	if n <= 0 {
		return ""
	}
	return rest[:n] + "*"
}

// contains gives a glob of what is within everything that a regular expression
// matches; it is empty for what may hold anything.
func contains(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "" // it is refused
	}
	if s := within(re); len(s) >= 3 {
		return "*" + s + "*"
	}
	return ""
}

// within gives the longest text that no match is without.
func within(re *syntax.Regexp) (longest string) {
	switch re.Op {
	case syntax.OpLiteral:
		s := string(re.Rune)
		if strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0 {
			return s
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			return within(re.Sub[0])
		}
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		for _, sub := range re.Sub {
			if s := within(sub); len(s) > len(longest) {
				longest = s
			}
		}
	}
	return longest
}

// search gives ids and names of one sort of objects.
func (Builds) search(ctx context.Context, c *Call) (any, error) {
	text, sort, how, o := c.Args.String("terms"), c.Args.String("type"), optText(c.Args, "matchType"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := readTerms(text, how)
	if err != nil {
		return nil, err
	}
	rows, err := candidates(ctx, c.Tx, sort, t)
	if err != nil {
		return nil, err
	}
	found := func(yield func(build.Named, error) bool) {
		for n, err := range rows {
			if err == nil && !t.admits(n.Name) {
				continue
			}
			if !yield(n, err) || err != nil {
				return
			}
		}
	}
	return rowsOf(o, found, func(n build.Named) (xmlrpc.Struct, error) { return record("id", n.ID, "name", n.Name), nil })
}

// candidates gives objects of a sort among which those that match are.
func candidates(ctx context.Context, tx *db.Tx, sort string, t terms) (iter.Seq2[build.Named, error], error) {
	var list []build.Named
	var err error
	switch sort {
	case "build":
		if t.match != nil {
			return build.Names(ctx, tx, t.like, 0), nil
		}
		list, err = exactBuild(ctx, tx, t.text)
	case "rpm":
		if t.match != nil {
			return build.RPMNames(ctx, tx, t.like, 0), nil
		}
		list, err = exactRPM(ctx, tx, t.text)
	case "package":
		if t.match == nil {
			var p tag.Package
			if p, err = tag.GetPackage(ctx, tx, tag.ByName(t.text)); err == nil {
				list = []build.Named{build.Named(p)}
			}
			err = missing(err)
			break
		}
		list, err = named(tag.FindPackages(ctx, tx, t.like))(func(p tag.Package) build.Named { return build.Named(p) })
	case "tag":
		list, err = named(tag.List(ctx, tx, tag.Query{Pattern: t.like}))(func(x tag.Tag) build.Named { return build.Named{ID: x.ID, Name: x.Name} })
	case "target":
		list, err = named(tag.ListTargets(ctx, tx, tag.TargetQuery{}))(func(x tag.Target) build.Named { return build.Named{ID: x.ID, Name: x.Name} })
	case "user":
		list, err = named(account.List(ctx, tx, account.Query{}))(func(u account.User) build.Named { return build.Named{ID: u.ID, Name: u.Name} })
	case "host":
		list, err = named(task.ListHosts(ctx, tx, task.HostFilter{}))(func(h *task.Host) build.Named { return build.Named{ID: h.ID, Name: h.Name} })
	case "file", "maven", "win":
	default:
		err = kura.Errorf("koji.search", kura.Invalid, "No such search type: %s", sort)
	}
	return each(list), err
}

// named makes names of what a room lists.
func named[T any](list []T, err error) func(func(T) build.Named) ([]build.Named, error) {
	return func(name func(T) build.Named) ([]build.Named, error) {
		out := make([]build.Named, len(list))
		for i, v := range list {
			out[i] = name(v)
		}
		return out, err
	}
}

func exactBuild(ctx context.Context, tx *db.Tx, nvr string) ([]build.Named, error) {
	n, err := rpm.ParseNVR(nvr)
	if err != nil {
		return nil, nil // no build is called so
	}
	b, err := build.ByNVR(ctx, tx, n)
	if err != nil {
		return nil, missing(err)
	}
	return []build.Named{{ID: b.ID, Name: b.NVR()}}, nil
}

func exactRPM(ctx context.Context, tx *db.Tx, name string) ([]build.Named, error) {
	n, err := rpm.ParseNVRA(name)
	if err != nil || !strings.HasSuffix(name, ".rpm") {
		return nil, nil
	}
	all, err := build.FindRPMs(ctx, tx, n)
	out := make([]build.Named, len(all))
	for i, r := range all {
		out[i] = build.Named{ID: r.ID, Name: r.File()}
	}
	return out, err
}
