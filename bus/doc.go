// Package bus is the leg of motion: what has to move between hubs, and from
// hubs to those who listen, without deciding anything. SQL decides; a message
// here only says that it is worth looking there.
//
// The room must not know what its messages mean, who sends them, or where the
// truth of what they tell is kept.
//
// # Two kinds of message
//
// A signal ("work.free") goes to whoever listens now, on all hubs, and is
// forgotten. It may be lost, when a line between hubs breaks for instance: a
// listener wakes up by it sooner, but looks by itself every now and then too.
// Topic is the way to wait for a signal.
//
// An event ("event.build.complete") is kept until each durable consumer has
// handled it, at least once, with growing pauses after failures.
//
// # What the bus does not promise
//
// Its store may be wiped at any time. Events come from an outbox in SQL, which
// keeps them as long as the bus does, and Bus.Fresh says when the store came up
// empty and has to be filled again. A consumer whose position was wiped sees
// the events of the last days again. So:
//
//   - Publish knows an id for Window only. An event that is published again
//     later is a second event with the same id.
//   - A consumer keeps in SQL which ids it is done with, in the transaction that
//     did the work, and passes over the others. Event ids that grow make one
//     number out of that.
//   - A consumer that is new sees everything that is kept. One that wants only
//     what comes from now on sets its mark in SQL first.
//
// # Many hubs
//
// Signals cross between hubs. Events do not: each embedded hub has a store of
// its own (Bus.Store names it), filled by its own pump from the one outbox, so
// every hub has every event. The reason is that two machines cannot outvote the
// loss of one: a replicated store of two stands still when either dies, while
// two stores filled from the same database do not know of each other. What must
// be done once for the whole installation (a webhook, a mail) is therefore done
// by one hub at a time, chosen in SQL, with its marks in SQL: when that hub
// dies, another has the events already and goes on from the mark.
//
// With an external NATS cluster there is one store. All hubs then have the same
// Bus.Store; whichever pumps first wins, and ids drop the rest.
//
// # Drivers
//
// bus/nats is the real one, embedded or external; bus/local is a fake in memory
// for the tests of other rooms. Both pass bus/bustest.
package bus
