package rpm

import "fmt"

// DepKind is a kind of dependency.
type DepKind int

// The kinds of dependencies, in Koji's order.
const (
	Requires DepKind = iota
	Provides
	Obsoletes
	Conflicts
	Suggests
	Enhances
	Supplements
	Recommends
)

var depTags = [...]struct{ name, flags, version Tag }{
	Requires:    {TagRequireName, TagRequireFlags, TagRequireVersion},
	Provides:    {TagProvideName, TagProvideFlags, TagProvideVersion},
	Obsoletes:   {TagObsoleteName, TagObsoleteFlags, TagObsoleteVersion},
	Conflicts:   {TagConflictName, TagConflictFlags, TagConflictVersion},
	Suggests:    {TagSuggestName, TagSuggestFlags, TagSuggestVersion},
	Enhances:    {TagEnhanceName, TagEnhanceFlags, TagEnhanceVersion},
	Supplements: {TagSupplementName, TagSupplementFlags, TagSupplementVersion},
	Recommends:  {TagRecommendName, TagRecommendFlags, TagRecommendVersion},
}

// Deps lists the dependencies of a kind, in the header's order. rpm 3 wrote
// some names without flags and versions.
func (h *Header) Deps(kind DepKind) ([]Dep, error) {
	tags := depTags[kind]
	names, versions := h.Strings(tags.name), h.Strings(tags.version)
	return h.deps(kind, names, versions, make([]Dep, 0, len(names)))
}

// DepViews is Deps without copies of the texts, see View. It appends to out.
func (h *Header) DepViews(kind DepKind, out []Dep) ([]Dep, error) {
	tags := depTags[kind]
	return h.deps(kind, h.Views(tags.name, nil), h.Views(tags.version, nil), out)
}

func (h *Header) deps(kind DepKind, names, versions []string, out []Dep) ([]Dep, error) {
	tags := depTags[kind]
	flags := h.Numbers(tags.flags)
	if flags.Len() != 0 && flags.Len() != len(names) || versions != nil && len(versions) != len(names) {
		return nil, fmt.Errorf("the package has %d names, %d flags and %d versions for tag %d",
			len(names), flags.Len(), len(versions), tags.name)
	}
	for i := range names {
		d := Dep{Name: names[i]}
		if flags.Len() != 0 {
			d.Flags = Sense(flags.At(i))
		}
		if versions != nil {
			d.Version = versions[i]
		}
		out = append(out, d)
	}
	return out, nil
}

// Changelog gives the changes, newest first as packages have them.
func (h *Header) Changelog() ([]Change, error) {
	times, names, texts := h.Ints(TagChangelogTime), h.Strings(TagChangelogName), h.Strings(TagChangelogText)
	if len(times) != len(names) || len(times) != len(texts) {
		return nil, fmt.Errorf("the package's changelog has %d times, %d names and %d texts", len(times), len(names), len(texts))
	}
	out := make([]Change, len(times))
	for i := range out {
		out[i] = Change{int64(times[i]), names[i], texts[i]}
	}
	return out, nil
}
