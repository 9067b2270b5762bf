// Package flow is the top floor of the hub: how work goes through the rooms.
// It runs the tasks that the hub itself runs (build, tagBuild, newRepo,
// distRepo), writes the orders for those that workers run, and takes in what
// workers made.
//
// A handler may be run again from its start at any time: a hub died, or it
// waited for its children. So it names its children by labels, looks before it
// does, and changes records only in transactions that prove that the task is
// still its own.
//
// It keeps no records of its own and knows no wire.
package flow
