// Package files is the way in for reading the tree by HTTP: /kojifiles, in
// Koji's layout, with ranges, entity tags and listings of directories.
//
// Everything it shows is public. What builds and people put there is foreign:
// it is sent as text or as a download, never as a page of kura's.
package files
