package repomd

import (
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

type entry struct {
	name, flags         string
	epoch, version, rel string
	pre                 bool
}

const preFlags = rpm.SensePrereq | rpm.SensePre | rpm.SensePost | rpm.SensePreTrans | rpm.SensePostTrans

// dependencies writes the eight lists.
func (m *maker) dependencies(w *writer) error {
	lists := map[rpm.DepKind][]entry{}
	provided := map[provide]bool{}
	for _, kind := range []rpm.DepKind{
		rpm.Provides, rpm.Conflicts, rpm.Obsoletes, rpm.Requires,
		rpm.Suggests, rpm.Enhances, rpm.Recommends, rpm.Supplements,
	} {
		deps, err := m.h.DepViews(kind, nil)
		if err != nil {
			return err
		}
		if kind == rpm.Requires {
			hard, soft := m.requires(deps, provided)
			lists[rpm.Requires] = hard
			lists[rpm.Recommends] = append(lists[rpm.Recommends], soft...)
			continue
		}
		for _, d := range deps {
			e, ok := newEntry(d)
			if !ok {
				continue
			}
			if kind == rpm.Provides {
				provided[provide{d.Name, e.flags, d.Version}] = true
			}
			lists[kind] = append(lists[kind], e)
		}
	}
	for _, l := range []struct {
		kind    rpm.DepKind
		element string
	}{
		{rpm.Provides, "rpm:provides"},
		{rpm.Requires, "rpm:requires"},
		{rpm.Conflicts, "rpm:conflicts"},
		{rpm.Obsoletes, "rpm:obsoletes"},
		{rpm.Suggests, "rpm:suggests"},
		{rpm.Enhances, "rpm:enhances"},
		{rpm.Recommends, "rpm:recommends"},
		{rpm.Supplements, "rpm:supplements"},
	} {
		writeEntries(w, l.element, lists[l.kind])
	}
	return nil
}

// provide is what a package says it provides, to be compared with what it
// requires.
type provide struct{ name, flags, version string }

// owns says whether a path that is told in primary is of the package.
func (m *maker) owns(path string, own *map[string]bool) bool {
	if *own == nil {
		*own = map[string]bool{}
		for i := range m.files.Bases {
			if m.isPrimary(i) {
				(*own)[m.path(i)] = true
			}
		}
	}
	return (*own)[path]
}

// requires leaves out what says nothing to a resolver: features of rpm, the
// package's own primary files and provides, repetitions, and all versions of
// the C library but the highest, which comes last. What need not be there is a
// recommendation.
func (m *maker) requires(deps []rpm.Dep, provided map[provide]bool) (hard, soft []entry) {
	var own map[string]bool // the package's files that are told in primary
	type seen struct {
		flags, version string
		pre            bool
	}
	last := map[string]seen{}
	var libc *entry
	for _, d := range deps {
		flags := flagName(d.Flags)
		if strings.HasPrefix(d.Name, "rpmlib(") ||
			strings.HasPrefix(d.Name, "/") && isPrimary(d.Name) && m.owns(d.Name, &own) ||
			provided[provide{d.Name, flags, d.Version}] {
			continue
		}
		now := seen{flags, d.Version, d.Flags&preFlags != 0}
		if before, ok := last[d.Name]; ok && before == now {
			continue
		}
		e, ok := newEntry(d)
		if !ok {
			continue
		}
		e.pre = now.pre
		switch {
		case d.Flags&rpm.SenseMissingOK != 0:
			e.pre = false
			soft = append(soft, e)
		case strings.HasPrefix(d.Name, "libc.so.6"):
			if libc == nil || higherLibc(libc.name, d.Name) {
				libc = &e
			}
		default:
			hard = append(hard, e)
			last[d.Name] = now
		}
	}
	if libc != nil {
		hard = append(hard, *libc)
	}
	return hard, soft
}

// higherLibc says whether b asks for a newer C library than a:
// libc.so.6 < libc.so.6() < libc.so.6(GLIBC_2.3.4) < libc.so.6(GLIBC_2.4).
func higherLibc(a, b string) bool {
	va, ra := libcVersion(a)
	vb, rb := libcVersion(b)
	if ra != rb {
		return rb > ra
	}
	return ra == 4 && rpm.CompareVersions(va, vb) < 0
}

// libcVersion ranks the forms of the name, and gives the version from its first
// digit on: 0 no parenthesis, 1 an open one, 2 nothing inside, 3 no digit inside.
func libcVersion(name string) (version string, rank int) {
	_, rest, ok := strings.Cut(name, "(")
	if !ok {
		return "", 0
	}
	inside, _, ok := strings.Cut(rest, ")")
	if !ok {
		return "", 1
	}
	if inside == "" {
		return "", 2
	}
	i := strings.IndexAny(inside, "0123456789")
	if i < 0 {
		return "", 3
	}
	return inside[i:], 4
}

func flagName(f rpm.Sense) string {
	switch f & 15 {
	case rpm.SenseLess:
		return "LT"
	case rpm.SenseGreater:
		return "GT"
	case rpm.SenseEqual:
		return "EQ"
	case rpm.SenseLess | rpm.SenseEqual:
		return "LE"
	case rpm.SenseGreater | rpm.SenseEqual:
		return "GE"
	}
	return ""
}

// newEntry splits a version at the first colon and the first dash after it. An
// epoch that is no number drops the dependency.
func newEntry(d rpm.Dep) (entry, bool) {
	e := entry{name: d.Name, flags: flagName(d.Flags)}
	if d.Version == "" {
		return e, true
	}
	e.epoch = "0"
	rest := d.Version
	if epoch, after, ok := strings.Cut(rest, ":"); ok {
		if !isNumber(epoch) {
			return e, false
		}
		if epoch != "" {
			e.epoch = epoch
		}
		rest = after
	}
	e.version, e.rel, _ = strings.Cut(rest, "-")
	return e, true
}

// isNumber takes what C's strtol takes whole, and nothing at all.
func isNumber(s string) bool {
	if s == "" {
		return true
	}
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func writeEntries(w *writer, element string, entries []entry) {
	if len(entries) == 0 {
		return
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { return e.name == "" })
	if len(entries) == 0 {
		w.raw("    <" + element + "/>\n")
		return
	}
	w.raw("    <" + element + ">\n")
	for _, e := range entries {
		w.raw("      <rpm:entry")
		w.attr("name", w.name("dependency", e.name))
		if e.flags != "" {
			w.attr("flags", e.flags)
			for _, a := range [][2]string{{"epoch", e.epoch}, {"ver", e.version}, {"rel", e.rel}} {
				if a[1] != "" {
					w.attr(a[0], w.name("dependency", a[1]))
				}
			}
		}
		if e.pre {
			w.raw(` pre="1"`)
		}
		w.raw("/>\n")
	}
	w.raw("    </" + element + ">\n")
}
