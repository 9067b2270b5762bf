// Package mirror reads the metadata of foreign repositories over HTTP: only when
// it changed, and only what proves to be what repomd.xml promises.
//
// A mirror may lie, change while it is read, send without end or fall silent;
// each of these gives an error that names the address, the file and what was
// wrong with it, and nothing of what came is to be used. What is done with the
// contents is the caller's affair.
package mirror
