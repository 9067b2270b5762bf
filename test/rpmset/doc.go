// Package rpmset makes sets of packages that look like a distribution's: names,
// versions, dependencies, changelogs and file lists of the sizes that are found
// there, several packages of one source package. The same seed gives the same
// bytes. The packages can be installed: what they require is in the set.
//
// It is for tests and measurements of repositories; the files of the packages
// are empty.
package rpmset
