// Package rest is the way in for programs that are written today: JSON over
// HTTP, described by OpenAPI, over the same rooms that Koji's clients reach.
//
// What may be called, under which path and by whom stands in one table
// (table.go). Lists come in pages with a cursor, answers carry an ETag, writes
// may carry an Idempotency-Key, errors are problems (RFC 9457), and what
// happens is told as it happens by server-sent events. It knows no SQL, and
// decides nothing: rooms do.
package rest
