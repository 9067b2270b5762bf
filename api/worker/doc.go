// Package worker is the way in for build hosts: it turns the protocol's HTTP
// calls into calls of the rooms of tasks, files and flows.
//
// What a host sends is never trusted: bodies are bounded, names are checked,
// fields that are not known are refused, and every call about a task proves
// with its epoch that the task is that host's. Who the host is comes from its
// client certificate, by a function that is handed in.
//
// The package must not know SQL, where bytes are kept, what an order holds or
// what a result means.
package worker
