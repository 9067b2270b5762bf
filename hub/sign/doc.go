// Package sign is the room of signatures as the hub sees them: which keys
// there are, which packages are signed with them, and the requests to the
// signer, which alone holds the keys.
//
// The room decides what may be signed (a complete build of this hub, with the
// very header that was imported) and tells the signer so; it never sees a
// private key.
package sign
