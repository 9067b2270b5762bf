// Package openpgp is the little of OpenPGP that a build system needs: keys
// that sign, detached signatures over packages and repository metadata, and
// what a signature says about itself.
//
// Keys are made so that rpm 4.18 and GnuPG 2.2 read them: version 4, RSA-4096
// or Ed25519 in its older form (EdDSA, algorithm 22), one key that certifies
// and signs, no subkeys. Signing is deterministic: the same key, bytes and
// time give the same signature, so that a repository can be made twice.
//
// It is thin over ProtonMail/go-crypto, but reads signature packets itself:
// the library refuses the version 3 signatures that old packages still carry,
// and a package's signature must be recognised even when it cannot be checked.
//
// It must not know where keys are kept, nor who may use them.
package openpgp
