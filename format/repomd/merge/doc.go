// Package merge says which packages of several repositories make one: as Koji
// does for build tags with external repositories (modes koji, simple, bare), and
// as mergerepo_c does (methods repo, ts, nvr).
//
// The rules are those of mergerepo_c 2.0, which Koji runs. The package decides
// on lists alone; reading and writing repositories is repomd's.
package merge
