package repomd

import (
	"crypto/sha256"
	"hash/fnv"
	"io"
)

// ID names a package's three fragments: equal IDs, equal bytes.
type ID [sha256.Size]byte

// Entry is a package of a repository. Name and ID are what a repository is
// joined by; the rest is kept for those who ask an index, and may be filled in
// when the package is loaded.
type Entry struct {
	ID   ID
	Name string // groups are cut by it

	Arch, Epoch, Version, Release string
	Source                        string // file name of the source package; empty for one
	Href, Base                    string
	FileTime                      int64
	// Changed is when the file's inode changed, in nanoseconds, where a directory
	// is listed: a file of the same size and time may be another.
	Changed int64
}

// SourceName is the name of the package that this one was built from.
func (e *Entry) SourceName() string { return sourceName(e.Name, e.Arch, e.Source) }

// Group is a run of packages that is compressed by itself.
type Group struct {
	Key    ID
	First  int // of the index's entries
	Count  int
	Frames [3]Frame
	// lens are the lengths of each package's fragments, so that they can be
	// had out of the group again.
	lens [][3]uint32
	// encoded are the entries and lengths as the index encodes them, where that
	// is known already, and at is where they lie in the encoded index.
	encoded string
	at      int64
}

// Frame is where a group lies in one of the three files.
type Frame struct {
	Offset, Size int64
	Open         int64  // bytes when decompressed
	Sum          uint64 // xxHash of the compressed bytes
}

// How many packages are in a group, on average; see Options.GroupSize.
const (
	defaultGroup = 256
	maxGroup     = 1024 // at most
)

// border says whether a group that holds so many packages ends where one of this
// name follows. Since it asks the name, a package that comes or goes changes one
// group, or a few, and leaves the others as they are. Groups have at least half of
// the usual size: those that are much smaller or larger cost more than they save.
func border(held int, last, next string, groupSize int) bool {
	if held >= maxGroup {
		return true
	}
	least := (groupSize + 1) / 2
	if held < least || last == next {
		return false
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, next)
	return h.Sum32()%uint32(groupSize-least+1) == 0
}

// cut divides entries into groups. Packages of one name stay together.
func cut(entries []Entry, groupSize int) []Group {
	var out []Group
	start := 0
	for i := range entries {
		end := i == len(entries)-1
		if !end {
			end = border(i+1-start, entries[i].Name, entries[i+1].Name, groupSize)
		}
		if end {
			out = append(out, Group{Key: keyOf(entries[start : i+1]), First: start, Count: i + 1 - start})
			start = i + 1
		}
	}
	return out
}

// generation is part of every key: it changes when the same packages would be
// compressed to other bytes.
const generation = "kura groups 1\n"

func keyOf(entries []Entry) ID {
	h := sha256.New()
	_, _ = io.WriteString(h, generation)
	for i := range entries {
		h.Write(entries[i].ID[:])
	}
	var k ID
	h.Sum(k[:0])
	return k
}
