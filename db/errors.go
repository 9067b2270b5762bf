package db

import (
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func liteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// retryable: the same transaction may succeed when run again.
func retryable(err error) bool {
	switch pgCode(err) {
	case "40001", "40P01": // serialisation failure, deadlock
		return true
	}
	return liteCode(err)&0xff == lib.SQLITE_BUSY
}

// unique: the row is there already.
func unique(err error) bool {
	c := liteCode(err)
	return pgCode(err) == "23505" || c == lib.SQLITE_CONSTRAINT_UNIQUE || c == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

// ranged: a number is asked for, or is to be kept, that its column cannot hold.
// The driver has no type for what it finds out itself.
func ranged(err error) bool {
	text := err.Error()
	return pgCode(err) == "22003" || strings.Contains(text, "is greater than maximum value for int") || strings.Contains(text, "is less than minimum value for int")
}

// long: a pattern is longer than SQLite takes one (50,000 bytes, https://sqlite.org/limits.html),
// which has no code of its own for that.
func long(err error) bool {
	return liteCode(err)&0xff == lib.SQLITE_ERROR && strings.Contains(err.Error(), "pattern too complex")
}

// full: the disk of the database is.
func full(err error) bool {
	return pgCode(err) == "53100" || liteCode(err)&0xff == lib.SQLITE_FULL
}

// lost: the database cannot be reached.
func lost(err error) bool {
	var op *net.OpError
	var conn *pgconn.ConnectError
	return errors.Is(err, driver.ErrBadConn) || errors.As(err, &op) || errors.As(err, &conn) ||
		strings.HasPrefix(pgCode(err), "57P")
}
