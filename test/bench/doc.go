// Command bench measures what people wait for, on this machine, and prints one
// line for each number: name, value, unit, and what to compare it with.
//
//	go run ./test/bench                      all but the part farm, in a few minutes
//	go run ./test/bench -quick               the same with fewer turns
//	go run ./test/bench -only roots,signer   some of it
//	go run ./test/bench -only farm -farm big a farm's records, kept in a database;
//	                                         test/postgres -dir keeps the server
//
// With -beside the part lists asks another hub the same in turn: Koji's, say, with
// records alike.
//
// It asserts nothing, but for the part farm: a number depends on who else uses
// the machine, whose load is printed with them. PostgreSQL is measured where
// KURA_TEST_POSTGRES names a server, as below test/postgres; clean roots where
// it runs as root.
//
// Filling a farm's records takes a quarter of an hour and 15 GB; the part fails
// where a call takes longer than it should, or reads all of a large table, and
// nobody has said why.
//
// The hub that is measured is the real program, asked over HTTPS by clients
// that hold certificates.
package main
