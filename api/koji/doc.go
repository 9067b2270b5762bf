// Package koji is the way in for Koji's tools: it answers what their clients,
// builders and services ask of a hub, over XML-RPC and raw uploads.
//
// One HTTP call is one database transaction. A method's row in the table
// (methods_*.go) says who may call it, how Python would spell its arguments,
// and whether it writes. A reading call streams its answer out of the
// transaction; the answer of a writing call is held until the commit has
// succeeded, so that nobody is told of a change that did not happen.
//
//   - server.go, reply.go, credentials.go: HTTP
//   - signature.go, bind.go, args.go: Python's way of passing arguments
//   - method.go, api.go, methods_*.go: the table
//   - dispatch.go, multicall.go: from a request to an answer
//   - faults.go: from an error of ours to the fault codes that clients know
//   - session.go, selfservice.go, filter.go, upload.go: the methods that are
//     the front's own; the others are handed in, a map for each noun
//   - handlers_*.go: those, a struct for each noun with the rooms it needs;
//     uploads.go: what clients send, over the room of files
//   - answers.go, opts.go, shape.go: Koji's shapes of answers and options
//   - values.go: how requests and results of tasks are kept
//
// The package must not know SQL, files or rules: whether this user may change
// that object is for the hub's rooms. It only keeps out those whom the table
// does not let in at all.
package koji
