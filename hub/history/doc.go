// Package history is the room that reads, across all rooms, what was changed
// when and by whom: every versioned table keeps it. It only reads, and it must
// not know what the records mean to the rooms that own them.
package history
