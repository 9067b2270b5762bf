// Package archive lists what is in zip files and in tar files, whichever way
// these are compressed. It unpacks nothing. What it reads may be hostile: the
// number of entries is bounded, and so is how much is decompressed.
package archive
