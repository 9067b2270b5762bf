// Package rpm reads, checks, edits and writes RPM package files: the lead, the
// signature header, the main header and the cpio payload, in the forms that
// rpm 3, 4 and 6 write.
//
// Everything here reads foreign bytes. Each size is bounded before it is
// believed, each offset is checked against the bytes that are there, and no
// input makes it panic. Names taken from a package are only strings: whoever
// wants to make a path of one asks CheckName and its kin first.
//
// The package knows the file format and RPM's own rules of names and versions.
// It must not know what a build, a tag or a repository is, and holds no keys:
// signatures come in and go out as OpenPGP packets.
package rpm
