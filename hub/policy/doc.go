// Package policy is the room of the rules that an installation writes itself:
// who may build from what, in which channel, with which priority, what may be
// tagged where. It reads Koji's policy language.
//
//	test [args] [&& test [args] …] :: action when all are true
//	test [args] [&& test [args] …] !! action when not all are true
//	test [args] :: {
//	    …
//	}
//
// Rules are tried in order, the first that applies decides; from a nested block
// in which none applies, the search goes on behind it. A # begins a comment.
//
// The room knows nothing of builds, tags or tasks: who asks brings the facts,
// those that cost a query as a Lazy, and may bring tests of its own.
package policy
