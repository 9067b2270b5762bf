// Package upload is the room of what clients and builders send before it becomes
// part of a build: files below work/ of the tree, which grow piece by piece.
//
// A directory belongs to the first who writes there, that of a task to the host
// which has the task. Names come from outside: they are names in the tree of
// records, never paths of the host. The room does not know what is in a file.
package upload
