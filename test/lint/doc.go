// Package lint keeps the laws of the house in every run of the tests, fast and
// without anything installed: who may import whom, read from the very rules of
// .golangci.yml; that every package says what it is for; that files stay small
// enough to read; no SQL outside the rooms that own tables, no shell, and
// nothing left for later.
//
// It looks at text and syntax only: it needs no build and knows no room.
package lint
