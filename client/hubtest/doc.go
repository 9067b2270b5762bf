// Package hubtest is a hub to test clients with: it keeps sessions and call
// numbers as hubs do, takes uploads, and gives the answers it was told.
package hubtest
