// Package git is the way in for sources: dist-git over HTTPS (git's own
// http-backend) and read-only over git://, and the lookaside cache in
// dist-git's form (upload.cgi, /repo/pkgs/…).
//
// It turns these wires into calls of hub/source and knows no SQL. Reading is
// open; who writes logs in with a certificate.
package git
