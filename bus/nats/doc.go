// Package nats is the bus on NATS: embedded in the process, or an external
// cluster, chosen by Config.
//
// # Embedded
//
// Events are kept by a JetStream server of this process alone, in Config.Dir.
// It listens on nothing and knows no other server. One process holds the
// directory at a time. A directory that was wiped, or that JetStream cannot
// read any more, is begun anew: Bus.Fresh then tells the hub to fill it from
// SQL.
//
// With Config.Cluster a second server of this process carries signals to the
// other hubs. It keeps nothing, and serves no client but this process; its peers
// prove themselves by the secret and, off the loopback, by certificates both
// ways. Two servers, because one that has routes can run
// JetStream only as a member of a Raft group, and a group of two stands still
// when one is gone. Here the death of a hub costs the others nothing: their
// signals go on, and lines to it are tried until it is back. Naming one peer is
// enough, the others are learnt from it; naming all survives more.
//
// # External
//
// With Config.External signals and events both go through a NATS cluster that
// somebody else runs. Give kura an account of its own there, with JetStream.
// The stream is made at the start when it is not there, and otherwise left as it
// was set up. Whoever deletes it restarts the hubs, which then fill it again.
//
// # Full disk
//
// After a write that failed JetStream keeps nothing more. Publish says so, and
// the outbox keeps the events; the first Publish or Healthy after there is space
// again switches the store off and on.
//
// It must not know what messages mean, nor that there is an outbox.
package nats
