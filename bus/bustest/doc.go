// Package bustest is the contract of bus.Bus as tests. Every driver's test
// calls Run; restarts, wipes and several hubs are tested beside the driver that
// has them.
//
// It must not know how a driver carries or keeps anything.
package bustest
