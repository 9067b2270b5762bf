// Command postgres runs another command beside a PostgreSQL of its own:
//
//	go run ./test/postgres -- go test ./...
//
// The server lives in a new directory, listens on a socket in it and nowhere
// else, never syncs, runs as an unprivileged user when root starts it, and is
// gone with its directory when the command ends, however it ends. The command
// finds it in KURA_TEST_POSTGRES, and its exit status is this program's. With -dir
// the server's data lie in a directory that stays.
//
// It knows nothing of kura's tables: package db/dbtest makes a database for
// each test.
package main
