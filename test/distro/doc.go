// Package distro makes a small RPM distribution out of Debian binary packages:
// what the project's own tests build in, and what somebody who has no RPM
// distribution at hand can try the program with.
//
// One Debian source package becomes one source RPM, one Debian binary package
// one binary RPM, so that SOURCERPM and the grouping into builds are real.
// Names, sonames, pkgconfig() and file provides follow Fedora's habits, so that
// ordinary specs find what they ask for.
//
// What was downloaded and what was built is kept in a cache, by content: a run
// in which nothing changed only compares a stamp. The same .debs give the same
// bytes.
//
// It knows Debian's archive through apt alone, and takes the archive's address
// from the host's own apt configuration. It must not know what a build, a tag
// or a hub is.
package distro
