package repomd

import "errors"

// Relocate gives a fragment of primary, ours or one that Scan gave, with another
// place of the package: an xml:base, or none where that is "", and an href, or
// the same where that is "".
func Relocate(primary []byte, base, href string) (out []byte, err error) {
	err = errors.New("the fragment of primary has no location")
	walk(primary, func(t *tag, depth, begin, end int) bool {
		if depth != 1 || string(t.name) != "location" {
			return true
		}
		w := &writer{b: append(make([]byte, 0, len(primary)+len(base)+len(href)+32), primary[:begin]...)}
		w.raw("<location")
		if base != "" {
			w.attr("xml:base", w.name("base", base))
		}
		for _, a := range t.attrs {
			switch {
			case string(a.name) == "xml:base":
			case string(a.name) == "href" && href != "":
				w.attr("href", w.name("location", href))
			default:
				w.attr(string(a.name), a.String())
			}
		}
		if t.empty {
			w.raw("/")
		}
		w.raw(">")
		out, err = append(w.b, primary[end:]...), w.err
		return false
	})
	return out, err
}
