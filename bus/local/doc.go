// Package local is a bus in memory: a fake for tests, good enough to run rooms
// on, and kept honest by bus/bustest. Everything is gone with the process, and
// every event is kept until then.
//
// One Bus stands for all hubs: give it to two of them and their signals cross.
package local
