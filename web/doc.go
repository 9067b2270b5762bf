// Package web is the pages that people look at: tasks and their logs while
// they run, builds, tags, hosts. It only reads, and anybody may look.
//
// The pages are whole without scripts. Where there are scripts, one small file
// follows running tasks and growing logs over server-sent events; it sets text
// and nothing else. Every word on a page may come from a build, so templates
// escape all of it, logs lose what would command a terminal or turn text round,
// and the content security policy lets in nothing but this package's own files.
//
// The package must not know SQL, nor who may change what: it asks the rooms,
// and has no form that changes anything.
package web
