// Package repodir is the repodata of a directory: one writer at a time writes
// it beside the old one and exchanges the two in one step, so that a reader finds
// the one or the other, whole, whatever is killed when.
//
// With the metadata goes an index (repodata/.kura-index) from which the next
// repository of the directory takes what did not change. It is never trusted
// further than the files that it speaks of: without it, or when somebody else has
// written the metadata since, a run costs more and gives the same.
package repodir
