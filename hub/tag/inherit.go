package tag

import (
	"context"
	"math"
	"regexp"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Link is one tag's inheritance from another.
type Link struct {
	Child        int64
	Parent       int64
	Name         string // the parent's; in Children and Descendants, the child's
	Priority     int    // a smaller one comes first
	MaxDepth     *int   // how far up inheritance goes on: 0 parent only, 1 its parents too; nil no end
	Intransitive bool   // only for the child itself, not for who inherits from it
	NoConfig     bool   // packages and groups only, not arches and extra values
	PkgFilter    string // a regular expression, matched at the start of package names; "" all
}

const (
	linkColumns = `SELECT i.tag_id, i.parent_id, t.name, i.priority, i.maxdepth, i.intransitive, i.noconfig, i.pkg_filter FROM tag_inheritance i`
)

func scanLink(s db.Scanner) (l Link, err error) {
	return l, s.Scan(&l.Child, &l.Parent, &l.Name, &l.Priority, &l.MaxDepth, &l.Intransitive, &l.NoConfig, &l.PkgFilter)
}

// Parents gives the tags that a tag inherits from directly, by priority.
func Parents(ctx context.Context, tx *db.Tx, tag, at int64) ([]Link, error) {
	var b db.Builder
	b.Add(linkColumns+" JOIN tag t ON t.id = i.parent_id WHERE i.tag_id = ?", tag).At("i", at)
	got, err := db.Find(ctx, tx, scanLink, b.Add(" ORDER BY i.priority, i.parent_id"))
	return got, kura.E("tag.Parents", err)
}

// Children gives the tags that inherit from a tag directly, by priority.
func Children(ctx context.Context, tx *db.Tx, tag, at int64) ([]Link, error) {
	var b db.Builder
	b.Add(linkColumns+" JOIN tag t ON t.id = i.tag_id WHERE i.parent_id = ?", tag).At("i", at)
	got, err := db.Find(ctx, tx, scanLink, b.Add(" ORDER BY i.priority, i.tag_id"))
	return got, kura.E("tag.Children", err)
}

// Step is a link as the walk over all inheritance comes to it.
type Step struct {
	Link
	Depth     int      // 1 for the tag's own parents
	NextDepth *int     // how much further up the walk may go from here
	Filters   []string // of all links on the way: a package must match each
}

// Inheritance walks all that a tag inherits from, depth first, by priority: the
// order in which it is searched. The same tag comes twice where the first way
// to it let less through than the second: it was cut shorter, was without its
// settings, or had a filter.
func Inheritance(ctx context.Context, tx *db.Tx, tag, at int64) ([]Step, error) {
	return steps(ctx, tx, tag, at, false)
}

// Descendants walks all tags that inherit from a tag.
func Descendants(ctx context.Context, tx *db.Tx, tag, at int64) ([]Step, error) {
	return steps(ctx, tx, tag, at, true)
}

func steps(ctx context.Context, tx *db.Tx, tag, at int64, reverse bool) ([]Step, error) {
	links, err := reach(ctx, tx, tag, at, reverse)
	if err != nil {
		return nil, kura.E("tag.Inheritance", err)
	}
	w := walk{reverse: reverse, links: map[int64][]Link{}, seen: map[int64][]Step{}}
	for _, l := range links {
		from := l.Child
		if reverse {
			from = l.Parent
		}
		w.links[from] = append(w.links[from], l)
	}
	err = w.up(tag, []int64{tag}, 1, math.MaxInt, false, nil)
	return w.steps, err
}

// reach reads all links that a walk from a tag can come to, in one query, each
// tag's by priority.
func reach(ctx context.Context, tx *db.Tx, tag, at int64, reverse bool) ([]Link, error) {
	var b db.Builder
	b.Add("WITH RECURSIVE reach (id) AS (SELECT CAST(? AS BIGINT) UNION ", tag)
	if reverse {
		b.Add("SELECT i.tag_id FROM reach JOIN tag_inheritance i ON i.parent_id = reach.id WHERE 1 = 1").At("i", at)
		b.Add(") "+linkColumns+" JOIN tag t ON t.id = i.tag_id WHERE i.parent_id IN (SELECT id FROM reach)").At("i", at)
		return db.Find(ctx, tx, scanLink, b.Add(" ORDER BY i.priority, i.tag_id"))
	}
	b.Add("SELECT i.parent_id FROM reach JOIN tag_inheritance i ON i.tag_id = reach.id WHERE 1 = 1").At("i", at)
	b.Add(") "+linkColumns+" JOIN tag t ON t.id = i.parent_id WHERE i.tag_id IN (SELECT id FROM reach)").At("i", at)
	return db.Find(ctx, tx, scanLink, b.Add(" ORDER BY i.priority, i.parent_id"))
}

// walk is one traversal. Depths are counted with math.MaxInt for no end.
type walk struct {
	reverse bool
	links   map[int64][]Link // from each tag, by priority
	seen    map[int64][]Step
	steps   []Step
}

// maxSteps ends walks through inheritance that was knotted on purpose.
const maxSteps = 20_000

func (w *walk) up(tag int64, path []int64, depth, left int, noconfig bool, filters []string) error {
	if left < 1 {
		return nil
	}
	for _, l := range w.links[tag] {
		id := l.Parent
		if w.reverse {
			id = l.Child
		}
		// A loop is passed over; an intransitive link counts at the root only.
		if slices.Contains(path, id) || l.Intransitive && len(path) > 1 && !w.reverse {
			continue
		}
		s := Step{Link: l, Depth: depth, Filters: filters}
		further := math.MaxInt
		if w.reverse {
			if l.MaxDepth != nil && *l.MaxDepth < depth-1 {
				continue
			}
		} else {
			if further = limit(l.MaxDepth); left != math.MaxInt {
				further = min(further, left) - 1
			}
			if further != math.MaxInt {
				s.NextDepth = &further
			}
		}
		bare := noconfig || l.NoConfig
		if l.PkgFilter != "" {
			s.Filters = append(slices.Clip(filters), l.PkgFilter)
		}
		if !w.more(id, s, bare) {
			continue
		}
		w.seen[id] = append(w.seen[id], s)
		if w.steps = append(w.steps, s); len(w.steps) > maxSteps {
			return kura.Errorf("tag.Inheritance", kura.TooLarge, "inheritance at tag %d has more than %d steps: remove links or filters", tag, maxSteps)
		}
		if l.Intransitive && w.reverse {
			continue
		}
		if err := w.up(id, append(slices.Clip(path), id), depth+1, further, bare, s.Filters); err != nil {
			return err
		}
	}
	return nil
}

// more reports whether a step leads to something that no earlier step to the
// same tag did.
func (w *walk) more(id int64, s Step, bare bool) bool {
	for _, p := range w.seen[id] {
		if limit(p.NextDepth) >= limit(s.NextDepth) && (!p.NoConfig || bare) && len(p.Filters) == 0 {
			return false
		}
	}
	return true
}

func limit(depth *int) int {
	if depth == nil {
		return math.MaxInt
	}
	return *depth
}

// Filter is what a step lets through.
type Filter []*regexp.Regexp

// Compile makes the step's filters ready.
func (s Step) Compile() (Filter, error) {
	var f Filter
	for _, pattern := range s.Filters {
		re, err := compileFilter(pattern)
		if err != nil {
			return nil, kura.Errorf("tag.Filter", kura.Conflict, "package filter %q between tags %d and %d cannot be used: %w", pattern, s.Child, s.Parent, err)
		}
		f = append(f, re)
	}
	return f, nil
}

// Admits reports whether a package comes through.
func (f Filter) Admits(name string) bool {
	for _, re := range f {
		if !re.MatchString(name) {
			return false
		}
	}
	return true
}

func compileFilter(pattern string) (*regexp.Regexp, error) {
	// Filters match at the start of a name, not anywhere in it.
	return regexp.Compile(`\A(?:` + pattern + `)`)
}
