// Package buildtest gives tests of the hub's rooms a site to work on: a user, a
// tag that lists a package, and builds that were really imported.
package buildtest
