// Package dir keeps content in a directory:
//
//	tmp/            content on its way in
//	aa/bb/aabb...   content, under the SHA-256 that the store computed itself
//
// A file appears under its sum by a rename within the file system, after its
// bytes are synced; the directory is synced before Put returns. So a file under
// a sum is always whole, whatever died. What a crash leaves in tmp is removed
// at the next start once it is older than an hour, because another process may
// still be writing what is younger.
//
// Several processes, also on several machines with a shared file system, may
// use one directory.
//
// It must not know any name but sums: every path is made of hexadecimal digits.
package dir
