package rpm

import (
	"fmt"
	"slices"
	"strings"
)

// diffTags are what two builds of a package must say alike.
var diffTags = []struct {
	name string
	tag  Tag
}{
	{"SUMMARY", TagSummary}, {"DESCRIPTION", TagDescription}, {"GROUP", TagGroup}, {"LICENSE", TagLicense}, {"URL", TagURL},
	{"PREIN", TagPreIn}, {"POSTIN", TagPostIn}, {"PREUN", TagPreUn}, {"POSTUN", TagPostUn},
	{"PRETRANS", TagPreTrans}, {"POSTTRANS", TagPostTrans},
}

var diffDeps = []struct {
	name string
	kind DepKind
}{
	{"REQUIRES", Requires}, {"PROVIDES", Provides}, {"CONFLICTS", Conflicts}, {"OBSOLETES", Obsoletes},
	{"RECOMMENDS", Recommends}, {"SUGGESTS", Suggests}, {"SUPPLEMENTS", Supplements}, {"ENHANCES", Enhances},
}

// Diff tells in what two builds of one package differ, a line each, as the tool
// rpmdiff does: what they say, what they need and offer, which files they have
// and what these are. Sizes, digests and times of files may differ, for files
// hold dates.
func Diff(a, b *Package) ([]string, error) {
	var out []string
	for _, t := range diffTags {
		if a.Header.String(t.tag) != b.Header.String(t.tag) {
			out = append(out, fmt.Sprintf("%-12s%s", "S.5........", t.name))
		}
	}
	for _, d := range diffDeps {
		was, err := depTexts(a, d.kind)
		if err != nil {
			return nil, err
		}
		now, err := depTexts(b, d.kind)
		if err != nil {
			return nil, err
		}
		out = append(out, diffSets(d.name+" ", was, now)...)
	}
	files, err := diffFiles(a, b)
	return append(out, files...), err
}

func depTexts(p *Package, kind DepKind) ([]string, error) {
	deps, err := p.Header.Deps(kind)
	var out []string
	for _, d := range deps {
		sense := ""
		for _, s := range []struct {
			flag Sense
			sign string
		}{{SenseLess, "<"}, {SenseGreater, ">"}, {SenseEqual, "="}} {
			if d.Flags&s.flag != 0 {
				sense += s.sign
			}
		}
		out = append(out, strings.TrimSpace(d.Name+" "+sense+" "+d.Version))
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// diffSets compares sorted lists.
func diffSets(what string, was, now []string) (out []string) {
	for _, s := range was {
		if _, ok := slices.BinarySearch(now, s); !ok {
			out = append(out, fmt.Sprintf("%-12s%s%s", "removed", what, s))
		}
	}
	for _, s := range now {
		if _, ok := slices.BinarySearch(was, s); !ok {
			out = append(out, fmt.Sprintf("%-12s%s%s", "added", what, s))
		}
	}
	return out
}

func diffFiles(a, b *Package) ([]string, error) {
	var names [2][]string
	var files [2]map[string]*FileInfo
	for i, p := range []*Package{a, b} {
		list, err := p.Header.Files()
		if err != nil {
			return nil, err
		}
		files[i] = make(map[string]*FileInfo, len(list))
		for n := range list {
			names[i] = append(names[i], list[n].Path())
			files[i][list[n].Path()] = &list[n]
		}
		slices.Sort(names[i])
	}
	out := diffSets("", names[0], names[1])
	for _, name := range names[0] {
		was, now := files[0][name], files[1][name]
		if now == nil {
			continue
		}
		marks, differs := []byte("..........."), false
		for _, c := range []struct {
			at     int
			mark   byte
			differ bool
		}{
			{1, 'M', was.Mode != now.Mode}, {3, 'D', was.Rdev != now.Rdev}, {6, 'V', was.VerifyFlags != now.VerifyFlags},
			{7, 'U', was.User != now.User}, {8, 'G', was.Group != now.Group}, {9, 'F', was.Flags != now.Flags},
		} {
			if c.differ {
				marks[c.at], differs = c.mark, true
			}
		}
		if differs {
			out = append(out, fmt.Sprintf("%-12s%s", marks, name))
		}
	}
	return out, nil
}
