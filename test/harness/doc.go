// Package harness runs the real program for tests: it builds kura once, makes
// data directories on ports of their own, starts hubs, builders and signers as
// processes of their own, and ends them by their numbers. What a hub keeps is
// looked over by Check, from outside and after its death.
//
// It speaks to a hub as anybody does, by client and git. It must not know what
// a test is about, and prints nothing: the caller decides what to show.
package harness
