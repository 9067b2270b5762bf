// Package sandbox runs a program in a root of its own on a host that must not
// be harmed by it: namespaces for mounts, processes, IPC, names, network and
// users, a root pivoted to, a handful of device nodes, no capabilities, no new
// privileges, a seccomp filter, and limits on time, output, memory, processes
// and disk, as far as the host's kernel has them.
//
// A Host owns one directory and a range of user ids that nobody else uses. A
// Scratch is the throw-away space of one task: a disk of limited size and a
// user id of its own. Scratch.Run runs one program there. Everything dies with
// the process that started it; what a killed one left is swept by NewHost.
//
// The program that uses this package calls Init first thing in main: sandboxes
// are entered by running the same program again under another name.
//
// It knows nothing of packages, repositories or hubs.
package sandbox
