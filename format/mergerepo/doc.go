// Package mergerepo makes one repository of several, as mergerepo_c does, at the
// cost of what changed since the last time.
//
// What the repositories show is kept beside the merged one (.kura-mergerepo), in
// groups that can be joined again; a repository whose repomd.xml is still the
// same is not read. The package knows no hub.
package mergerepo
