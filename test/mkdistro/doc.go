// Command mkdistro makes the small RPM distribution that tests build in, out of
// Debian binary packages. See package distro.
package main
