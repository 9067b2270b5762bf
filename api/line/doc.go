// Package line answers the small calls that a client makes one after the other
// on one connection, for less than net/http takes: that costs more than most of
// those calls themselves.
//
// The first request of a connection is net/http's, and with it all that is
// asked of strangers: the handshake, HTTP/2, the router. If it was an ordinary
// call, the connection is taken over. From then on each request is looked at
// before it is taken from the connection. One that is ordinary (a POST of this
// way in with a short head, and a short body of known length) is read by
// net/http's own parser and answered here, with the same limits of time. With any other, and with
// what cannot be understood, the connection goes back to net/http, which reads it
// from its first byte as if nothing had been.
//
// The package knows HTTP/1.1 and no more: not what is called, nor by whom.
package line
