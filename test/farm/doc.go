// Package farm is a large farm in small or in large: records like those of a hub
// that has been in use for five years, and what is asked of it every day. The same
// list of calls is measured by test/bench, and looked at here for whether an index
// answers each of them.
package farm
