// Package blobtest is the contract of blob.Store as tests. Every driver's test
// calls Run; what only one driver can promise (permissions, full disks) is
// tested beside that driver.
//
// It must not know how a driver stores anything: where a test needs to reach
// behind the store, the driver's Bench does it.
package blobtest
