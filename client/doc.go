// Package client speaks to hubs: to kura's, and to any Koji hub, by XML-RPC.
//
// It holds one session per Hub, numbers its calls, repeats what got lost on
// the way without doing anything twice, logs in again when the session has
// expired, moves files up and down, and knows how Koji's configuration files
// name hubs. Answers are maps as the hub sent them; the types of this package
// read the fields that people ask for and do not mind missing ones, because
// hubs differ by ten years of versions.
//
// The package must not know commands, terminals or tables: that is cli. It
// must not know the hub's rooms either.
package client
