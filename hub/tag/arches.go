package tag

import (
	"strings"

	"github.com/kura-build/kura"
)

// Arches normalises a list of architectures: names separated by spaces, and by
// commas too where loose. None is nil: for a tag, as inherited.
func Arches(list *string, loose bool) (*string, error) {
	if list == nil {
		return nil, nil
	}
	s := *list
	if loose {
		s = strings.ReplaceAll(s, ",", " ")
	}
	names := strings.Fields(s)
	for _, n := range names {
		for i := range len(n) {
			c := n[i]
			if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return nil, kura.Errorf("tag.Arches", kura.Invalid, "Architecture can be only [a-zA-Z0-9_-], not %.64q", n)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	s = strings.Join(names, " ")
	if len(s) > 1024 {
		return nil, kura.Errorf("tag.Arches", kura.TooLarge, "a list of %d architectures is too long", len(names))
	}
	return &s, nil
}
