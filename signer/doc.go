// Package signer is the process that holds the private keys. It runs with a
// uid of its own, answers on a Unix socket, and signs only what the hub has
// recorded a decision for.
//
// What it relies on:
//   - The kernel says which uid is at the other end of the socket. Only the
//     uids of the configuration are answered.
//   - Each operation carries an authorisation: the hub's recorded decision
//     (which key, which build, which package, which checksum, by which rule),
//     signed by the hub, good once and for minutes.
//   - The signer believes the authorisation no further than it must. It reads
//     the package header itself and compares name, checksum and payload digest;
//     it signs one header only for a package of a build, ever; it counts
//     signatures a minute; it refuses weak algorithms.
//   - Its own audit log, chained by hashes, is on disk before a signature
//     leaves. The log is also its memory: nonces and what was signed are read
//     back from it, so that a restart or a restored hub does not allow a replay.
//
// Every answer tells the end of the audit log. The hub keeps it, so that the
// log cannot be cut or rewritten unnoticed even by who has become the signer.
//
// So a stolen database is worth nothing here, and a stolen hub can sign only
// slowly, under the name of each build, and in the open.
//
// The directory (mode 0700, owned by the signer's uid):
//
//	seal.json   how the keys are sealed: a host key or a passphrase
//	host.key    the host key (mode 0600), if there is no passphrase
//	hubs        public keys of the hubs whose authorisations count, one a line
//	keys/       one file a key, named by fingerprint; the private part is sealed
//	            with XChaCha20-Poly1305 together with what the key may sign
//	lock        held by the running signer
//	audit.log   one JSON object a line, each with the SHA-256 of the line before
//
// A host key protects backups of keys/ that leave host.key out, and nothing
// against who reads the whole directory. A passphrase (Argon2id), handed over
// as a file by the service manager, protects the directory too.
//
// The signer must not know what a tag, a task or a policy is, and never opens
// the database or a network connection.
package signer
