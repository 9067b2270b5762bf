// Package build is the room of what was built: builds and their states, the
// rpms of a build, their headers and signatures, the roots that they were
// built in, and which tags list them.
//
// A build's rows and the names of its files change in one transaction: there
// is no half-imported build. Everything that comes in is checked here against
// the bytes themselves: names, checksums and headers of a worker or an
// uploader are claims, not facts.
//
// The room does not know how a build comes about (hub/flow) nor how
// repositories are made (hub/repo).
package build
