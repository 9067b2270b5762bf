// Package meter counts what a blob store does, for Prometheus. It is apart from
// package blob so that whoever only stores content does not link a metrics
// client. It must not know which driver it wraps.
package meter
