// Package repomd writes and reads the metadata of RPM repositories: primary,
// filelists, other, and repomd.xml that names them.
//
// A package's share of the three lists is made once (NewFragments). Making a
// repository is joining fragments in groups that are compressed by themselves
// (Write), and taking over the groups that an earlier repository shares (Indexed).
// So whatever a fragment says must be the package's own; the one thing that a
// repository may say differently of a package is where it lies (Relocate).
//
// Foreign lists are parsed by a strict scanner (Scan), for what it gives is joined
// byte by byte with other packages, and can be kept in groups too (Import).
//
// What the fields mean is what createrepo_c means by them; the tests compare
// the two. The package must not know what a tag or a build is, nor where the
// bytes go.
package repomd
