// Package createrepo makes the repository of a directory of packages, as
// createrepo_c does, at the cost of what changed since the last time.
//
// What it knows of the packages stays in an index beside the metadata
// (repodata/.kura-index): which packages there are, and where the compressed
// groups lie that list them. The next run copies the groups that are still right
// and reads only packages that are new or were touched. The index is never
// trusted further than the files that it speaks of: without it, or when somebody
// else has written the metadata since, a run costs more and gives the same.
//
// A run writes beside repodata and exchanges the two at its end in one step. Two
// runs at once wait for each other. The package knows no hub.
package createrepo
