// Package event is the room of time: the clock of versioned records, and the
// outbox in which every change waits for the bus.
//
// A versioned row carries the event that made it and the event that revoked
// it; the state at event E is the rows with create_event <= E that were not
// revoked by then. A transaction has at most one event, made when it is first
// asked for: what changes together, changes at one moment.
//
// The room knows nothing of what the rows and topics mean.
package event
