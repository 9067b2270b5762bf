// Package dbtest opens empty, migrated databases for tests: SQLite always, and
// PostgreSQL from the server that KURA_TEST_POSTGRES names (test/postgres
// starts one). A test that runs on both fails, and does not skip, where the
// second is missing.
package dbtest
