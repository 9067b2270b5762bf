// Package repodiff reads two package repositories and tells every difference of
// meaning. It is the judge of what kura writes, so it uses nothing of what kura
// reads repositories with.
//
// What carries no meaning is not told: the order of packages and of attributes,
// space between elements, how characters are escaped, compression, file names,
// times and revision in repomd.xml. What is wrong with a repository by itself, a
// checksum or a count, is told as well.
package repodiff
