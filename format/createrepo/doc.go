// Package createrepo makes the repository of a directory of packages, as
// createrepo_c does, at the cost of what changed since the last time: it reads
// only packages that are new or were touched. How the metadata is kept and
// replaced is repodir's affair. The package knows no hub.
package createrepo
