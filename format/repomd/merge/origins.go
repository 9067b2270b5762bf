package merge

import (
	"bytes"

	"github.com/kura-build/kura/format/repomd"
)

// Origins is the file that tells Koji's builders from which repository each
// package comes: "name-version-release.arch", a tab, and the address.
func Origins(repositories [][]repomd.Entry, addresses []string, taken []Choice) repomd.Extra {
	var b bytes.Buffer
	for _, c := range taken {
		e := &repositories[c.Repository][c.Entry]
		b.WriteString(e.Name + "-" + e.Version + "-" + e.Release + "." + e.Arch + "\t" + addresses[c.Repository] + "\n")
	}
	return repomd.Extra{Type: "origin", Name: "pkgorigins", Content: b.Bytes(), Gzip: true}
}

// GroupSize is how many packages of a merged repository, and of those that it is
// merged from, are compressed together: fewer than elsewhere, for each blocked
// or overruled package changes a group.
const GroupSize = 8
