package db

import (
	"fmt"
	"strings"
	"testing"
)

// What texts read is remembered of no more than so many, and of none that is long: both
// are for callers to choose.
func TestWhatIsKnownHasBounds(t *testing.T) {
	long := "SELECT 1 FROM tag WHERE id IN (" + strings.Repeat("1, ", maxText/3) + "1)"
	for range 2 {
		if k := readsOf(long); k != others {
			t.Errorf("a long text reads %b", k)
		}
	}
	if _, found := known.Load(long); found {
		t.Error("a long text is remembered")
	}
	for i := range knownMost + 100 {
		readsOf(fmt.Sprintf("SELECT %d FROM build", i))
	}
	n := 0
	known.Range(func(any, any) bool { n++; return true })
	if n > knownMost || knownMany.Load() > knownMost {
		t.Errorf("%d texts are remembered, %d counted", n, knownMany.Load())
	}
	if k := readsOf("SELECT 'new' FROM rpmsigs"); k != builds|others {
		t.Errorf("a text that is not remembered reads %b", k)
	}
}

func TestWhatCountsAsAChange(t *testing.T) {
	for q, want := range map[string]kinds{
		"SELECT id FROM build":                                              0,
		"\n\tSELECT id FROM task FOR UPDATE":                                0,
		"SAVEPOINT s0":                                                      0,
		"SET LOCAL plan_cache_mode = auto":                                  0,
		"INSERT INTO task (id) VALUES ($1)":                                 0,
		"INSERT INTO node(id) VALUES ($1)":                                  0,
		"UPDATE host SET ready = $1":                                        0,
		"DELETE FROM sessions WHERE id = $1":                                rights,
		"INSERT INTO sessions (id) VALUES ($1)":                             0,
		"UPDATE sessions SET callnum = $1 WHERE id = $2":                    0,
		"UPDATE sessions SET update_time = $1 WHERE id = $2":                0,
		"UPDATE sessions SET update_time = $1, key_hash = $2 WHERE id = $3": rights,
		"UPDATE sessions SET key_hash = $1, callnum = NULL":                 rights,
		"INSERT INTO tokens (id) VALUES ($1)":                               0,
		"UPDATE tokens SET revoked = $1":                                    rights,
		"UPDATE users SET name = $1":                                        others | rights | altered,
		"INSERT INTO users (name) VALUES ($1)":                              others | rights,
		"UPDATE tag SET name = $1":                                          others | altered,
		"INSERT INTO tag (name) VALUES ($1)":                                others,
		"INSERT INTO package (name) VALUES ($1)":                            others,
		"DELETE FROM rpminfo WHERE id = $1":                                 builds | altered,
		"INSERT INTO user_perms (user_id) VALUES ($1)":                      others | rights,
		"INSERT INTO build (id) VALUES ($1)":                                builds | altered,
		"INSERT INTO tag_listing(build_id) VALUES ($1)":                     tagged,
		"insert or ignore into tag_packages (id) values (1)":                others,
		"UPDATE\n\tbuild SET state = 1":                                     builds | altered,
		"DELETE FROM rpmsigs":                                               builds,
		"UPDATE task_later SET x = 1":                                       others,
		"WITH x AS (SELECT 1) UPDATE build SET state = 2":                   countable,
		"WITH x AS (SELECT 1) SELECT * FROM x":                              0,
		"TRUNCATE build":                                                    countable,
		"UPDATE":                                                            countable,
		"":                                                                  countable,
	} {
		if got := changesOf(q); got != want {
			t.Errorf("%q counts as %b, not %b", q, got, want)
		}
	}
}
