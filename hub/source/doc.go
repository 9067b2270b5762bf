// Package source is the room of sources: dist-git repositories, the lookaside
// cache for what does not belong into git, and the rules of which source
// addresses may be built.
//
// A repository is a bare git directory; git itself reads and writes it. The
// room knows packages and their owners, for who may push; it does not know
// tasks.
package source
