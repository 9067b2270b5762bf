// Package protocol is what hub and worker, and hub and signer, say to each
// other: types only. The worker speaks JSON over HTTPS to api/worker, with
// file and log bodies as raw bytes; worker.go and signer.go list the exchanges.
//
// It knows neither the hub's records nor how a build is done.
package protocol
