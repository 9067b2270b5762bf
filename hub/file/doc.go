// Package file is the room of names: the tree that people and tools download
// from (/kojifiles, in Koji's layout) and upload into, as records. A file is a
// name for the bytes of one blob; what has no name is swept away. So a file
// appears together with the rows that speak of it, in one transaction, or not
// at all, and a tree of a million names needs no file system.
//
// Growing files (uploads, logs) are pieces in order, each a blob; Seal makes
// them one. The room does not know what a package or a repository is.
package file
