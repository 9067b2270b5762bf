// Package repomd writes and reads the metadata of RPM repositories: primary,
// filelists, other, and repomd.xml that names them.
//
// A package's share of the three files is made once, when the package comes in
// (NewFragments), and stored. Making a repository is only joining what is stored
// (Write, or Stream for whoever keeps compressed groups too). So whatever a
// fragment says must be the package's own; the one thing that a repository may
// say differently of a package is where it lies.
//
// What the fields mean is what createrepo_c means by them; the tests compare
// the two. The package must not know what a tag or a build is, nor where the
// bytes go.
package repomd
