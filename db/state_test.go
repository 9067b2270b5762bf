package db

import "testing"

func TestWhatCountsAsAChange(t *testing.T) {
	for q, want := range map[string]kinds{
		"SELECT id FROM build":                                              {},
		"\n\tSELECT id FROM task FOR UPDATE":                                {},
		"SAVEPOINT s0":                                                      {},
		"INSERT INTO task (id) VALUES ($1)":                                 {},
		"INSERT INTO node(id) VALUES ($1)":                                  {},
		"UPDATE host SET ready = $1":                                        {},
		"DELETE FROM sessions WHERE id = $1":                                {rights: true},
		"INSERT INTO sessions (id) VALUES ($1)":                             {},
		"UPDATE sessions SET callnum = $1 WHERE id = $2":                    {},
		"UPDATE sessions SET update_time = $1 WHERE id = $2":                {},
		"UPDATE sessions SET update_time = $1, key_hash = $2 WHERE id = $3": {rights: true},
		"UPDATE sessions SET key_hash = $1, callnum = NULL":                 {rights: true},
		"INSERT INTO tokens (id) VALUES ($1)":                               {},
		"UPDATE tokens SET revoked = $1":                                    {rights: true},
		"UPDATE users SET name = $1":                                        {true, true},
		"INSERT INTO user_perms (user_id) VALUES ($1)":                      {true, true},
		"INSERT INTO build (id) VALUES ($1)":                                {records: true},
		"insert or ignore into tag_packages (id) values (1)":                {records: true},
		"UPDATE\n\tbuild SET state = 1":                                     {records: true},
		"DELETE FROM rpmsigs":                                               {records: true},
		"UPDATE task_later SET x = 1":                                       {records: true},
		"WITH x AS (SELECT 1) UPDATE build SET state = 2":                   {true, true},
		"WITH x AS (SELECT 1) SELECT * FROM x":                              {},
		"TRUNCATE build":                                                    {true, true},
		"UPDATE":                                                            {true, true},
		"":                                                                  {true, true},
	} {
		if got := counts(q); got != want {
			t.Errorf("%q counts: %v", q, got)
		}
	}
}
