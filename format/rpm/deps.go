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
	names, flags, versions := h.Strings(tags.name), h.Ints(tags.flags), h.Strings(tags.version)
	if flags != nil && len(flags) != len(names) || versions != nil && len(versions) != len(names) {
		return nil, fmt.Errorf("the package has %d names, %d flags and %d versions for tag %d",
			len(names), len(flags), len(versions), tags.name)
	}
	out := make([]Dep, len(names))
	for i := range out {
		out[i].Name = names[i]
		if flags != nil {
			out[i].Flags = Sense(flags[i])
		}
		if versions != nil {
			out[i].Version = versions[i]
		}
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
