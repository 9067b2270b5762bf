package db

import "testing"

func TestWhatCountsAsAChange(t *testing.T) {
	for q, want := range map[string]bool{
		"SELECT id FROM build":                               false,
		"\n\tSELECT id FROM task FOR UPDATE":                 false,
		"SAVEPOINT s0":                                       false,
		"INSERT INTO task (id) VALUES ($1)":                  false,
		"INSERT INTO node(id) VALUES ($1)":                   false,
		"UPDATE host SET ready = $1":                         false,
		"DELETE FROM sessions WHERE id = $1":                 false,
		"INSERT INTO build (id) VALUES ($1)":                 true,
		"insert or ignore into tag_packages (id) values (1)": true,
		"UPDATE\n\tbuild SET state = 1":                      true,
		"DELETE FROM rpmsigs":                                true,
		"UPDATE task_later SET x = 1":                        true,
		"WITH x AS (SELECT 1) UPDATE build SET state = 2":    true,
		"WITH x AS (SELECT 1) SELECT * FROM x":               false,
		"TRUNCATE build":                                     true,
		"UPDATE":                                             true,
		"":                                                   true,
	} {
		if got := counts(q); got != want {
			t.Errorf("%q counts: %v", q, got)
		}
	}
}
