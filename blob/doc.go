// Package blob is the leg that holds bytes: packages, logs, repositories,
// uploads. Content is named by its SHA-256 and by nothing else, so a name can
// never be chosen from outside, the same content is stored once, and what is
// read can be checked against what was asked for.
//
// The room must not know what the bytes mean, who may read them, or whether
// anything still refers to them. Names, rights and references are rows in SQL.
//
// # Order of writing
//
// Put first, then write the row that refers to the content; delete the row
// first, then the content. Whatever dies in between leaves content that nobody
// refers to, never a row without content.
//
// A sweep that removes unreferenced content races with a Put of that very
// content. Info.Time is there for it: every Put renews the Time (a driver may
// leave it while it is younger than Fresh). So a sweep leaves alone whatever is
// younger than a grace period, which must be longer than Fresh plus the longest
// transaction that follows a Put.
//
// # Drivers
//
// blob/dir keeps a directory, blob/s3 a bucket. Both pass blob/blobtest, which
// is the contract in executable form; a new driver starts there. Verify and
// blob/meter wrap any store.
package blob
