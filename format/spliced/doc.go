// Package spliced writes gzip files (RFC 1952) of which parts were compressed before:
// what is sent again and again needs to be compressed once, also where it stands between
// other things each time.
//
// Its streams are ordinary ones of a single member, which every reader takes. It must
// not know what the parts are.
package spliced
