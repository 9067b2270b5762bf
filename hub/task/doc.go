// Package task is the room of work: tasks with Koji's states and fields, the
// hosts and channels that may take them, and the scheduler that gives a task to
// one host at a time.
//
// A task's row is the truth about it. A host gets a task by a lease: one
// UPDATE that raises the task's epoch and sets a term, which heartbeats extend.
// Whatever is said about a task carries the epoch; an old one is refused
// (kura.Fenced), so that a task has exactly one result, whatever died.
//
// Tasks with Hub set are run by the hubs themselves (Runner), leased in the
// same way. A task that waits for its children holds no lease and no slot; a
// child is named by (parent, label), so a handler that starts anew goes on
// where it stopped.
//
// The room must not know what a method does, what its request means, nor where
// logs and files of tasks are kept.
package task
