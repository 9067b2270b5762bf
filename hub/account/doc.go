// Package account is the room of who may do what: users, groups and their
// permissions, sessions, tokens, certificates, and Need, the words in which
// every way in says what an operation asks of its caller.
//
// Permissions and memberships are versioned, so that it can be asked who could
// do something at a past event. Secrets are never kept: passwords as argon2id,
// session keys and tokens as SHA-256 of random strings.
//
// Reading who somebody is writes nothing: Check may run in db.View. What must
// be written (a session's last use, its call number) is a step of its own that
// the caller puts into a transaction that writes anyway.
//
// The room does not know wires, headers or TLS, nor what a permission is good
// for: the rooms and ways in ask for permissions by their names.
package account
