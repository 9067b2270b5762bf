// Package login is the way in's door: it turns what the transport proves, a
// client certificate, or a token in a header, into an actor or a host of the
// hub. The other ways in ask it; it knows no paths and no SQL.
package login
