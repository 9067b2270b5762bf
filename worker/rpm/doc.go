// Package rpm builds RPM packages on a worker: source packages from a source
// repository or an uploaded one, binary packages from a source package.
//
// A root is made of layers. dnf resolves what it consists of; the packages,
// sorted by their checksums, name a directory that is installed once and then
// shared, read-only, by every build that resolves to it. A second layer of the
// same kind holds a build's BuildRequires. While neither the repositories nor
// the list asked for change, the layers are found again without asking dnf.
// Each program of a build runs on a new, empty top layer: only /builddir lives
// from one to the next.
//
// Everything foreign runs in worker/sandbox: spec files and scripts without
// network, dnf and git with the host's tools and a user that is nobody here,
// package scripts with rights over the root's own files only.
//
// The package does not know leases, hosts or how results travel: see worker.
package rpm
