// Package repo is the room of repositories: which there are, for which tag at
// which event, and how one is made: a list of packages at an event, and the
// metadata fragments that were stored when each package was imported, joined.
//
// A repository's files get their names and the repository its state in one
// transaction: it is whole, or it is not there. Two requests for the same
// contents share one repository.
//
// The room does not know tasks (hub/flow runs it in tasks, so that people see
// them) and no compression or XML (format/repomd).
package repo
