// Package worker is the build host: it leases tasks from a hub, runs them in
// sandboxes, tells how they go, and delivers what they made.
//
// A lease is asked for by a held call, so work arrives within milliseconds. A
// lease has an epoch, which everything that is said about its task carries;
// when the hub answers that it is fenced, the task is somebody else's now and
// the work is thrown away. While the hub is away builds go on: logs and results
// lie on the worker's disk until they are delivered or fenced off. A worker that
// was killed finds nothing of use when it starts again: it sweeps its
// directory and leases anew, and the hub gives the lost tasks once more.
//
// The package knows how work travels. What a package is and how a root is made
// is the business of worker/rpm and worker/sandbox.
package worker
