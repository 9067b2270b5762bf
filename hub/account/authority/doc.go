// Package authority is kura's own certificate authority: it issues the
// certificates by which people, builders and servers know one another.
//
// It keeps its key in files of the data directory and knows no database;
// hub/account records what was issued and what was revoked.
package authority
