// Package tag is the room of tags and all that hangs on them: their settings
// and inheritance, build targets, package lists, comps groups and external
// repositories. Everything is versioned: what is asked for at event 0 is the
// state now, at any other event the state then, which never changes.
//
// Which builds are in a tag is the build room's to say; this room only reads
// that table, to know when a tag last changed, and empties it for a tag that is
// deleted.
//
// The room checks what hangs on the object (a locked tag, a blocked package,
// the policy for package lists). That the caller may manage tags at all is
// asked by the way in, with account.Need.
package tag
