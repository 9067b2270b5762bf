// Package xmlrpc reads and writes XML-RPC in the dialect of Koji's clients and
// builders: nil and 64-bit integers on top of the 1999 text.
//
// Reading is a hand-written scanner over the closed set of XML-RPC elements.
// It is bounded in every direction, knows no DTD and no entities beyond the
// five predefined ones, and refuses what it does not know instead of guessing.
// Writing goes straight to an io.Writer, so that an answer of tens of
// megabytes is never held in memory.
//
// The package must not know what is called: no method names, no sessions, no
// hub. Fault codes are numbers here.
//
// # Characters that XML cannot carry
//
// XML 1.0 has no way to write most control characters, not even as a
// reference, and a peer's parser drops the whole document at the first one.
// The writer therefore puts U+FFFD in the place of every character that XML
// forbids and of every byte that is not UTF-8; a carriage return, which parsers
// would turn into a newline, is written as a reference and survives. Bytes that
// must arrive unchanged belong into a base64 value ([]byte). The reader refuses
// documents that hold forbidden characters.
package xmlrpc
