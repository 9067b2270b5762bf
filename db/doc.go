// Package db is the leg that holds records and makes every decision: SQLite
// inside the process, or PostgreSQL. One SQL text serves both: $1
// placeholders, ON CONFLICT, RETURNING, partial indexes. What differs hides
// here: identity columns and byte columns in migrations, row locks, and how a
// transaction is begun and retried.
//
// SQL reaches the database only as constants: the parameter type of Exec,
// Query and Row is an unexported string type, so that a text put together at
// run time does not compile. Conditions that vary are put together from
// constants with Builder.
//
// The room knows no table; hub rooms own those. Times are microseconds since
// 1970 in BIGINT columns, so that both databases compare and round alike.
package db
