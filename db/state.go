package db

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
)

// parts is how many rows count changes.
const parts = 16

// quiet are the tables of motion: what is written to them all the time, and
// what stands there is no part of what State tells apart. A table that is not
// here counts, so one that is forgotten costs time and not truth.
var quiet = map[string]bool{
	"event": true, "outbox": true, "outbox_mark": true, "sessions": true, "tokens": true, "certificates": true,
	"task": true, "task_runs": true, "task_refusals": true, "task_notes": true, "host": true,
	"node": true, "part": true, "repo": true, "repo_queue": true, "external_metadata": true,
	"root_set": true, "root_set_rpm": true, "buildroot": true,
	"build_notifications": true, "build_notifications_block": true, "request_keys": true, "mail": true,
}

// writes finds what writes behind a WITH.
var writes = regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE|MERGE)\b`)

// State is a number that is another one after each committed change of the
// records, but for tables of motion: tasks, hosts' reports, sessions, files,
// repositories, buildroots. Two transactions that see the same number see the
// same records.
func (t *Tx) State(ctx context.Context) (n int64, err error) {
	err = t.Row(ctx, "SELECT CAST(sum(n) AS BIGINT) FROM change_count").Scan(&n)
	return n, classify(err)
}

// wrote looks at a statement before it is run.
func (t *Tx) wrote(q string) {
	if !t.readonly && !t.changed && counts(q) {
		t.changed = true
	}
}

// counts reports whether a statement may change records that State tells apart.
func counts(q string) bool {
	words := strings.Fields(q[:min(len(q), 200)])
	if len(words) > 0 && strings.EqualFold(words[0], "WITH") {
		return writes.MatchString(q)
	}
	for i, w := range words {
		switch strings.ToUpper(w) {
		case "SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK":
			return i > 0
		case "UPDATE", "INTO", "FROM":
			if i+1 == len(words) {
				return true
			}
			name, _, _ := strings.Cut(words[i+1], "(")
			return !quiet[name]
		case "INSERT", "OR", "IGNORE", "REPLACE", "DELETE":
		default:
			return true // whatever it is, it may write anything
		}
	}
	return true
}

// count notes a change as the last thing of a transaction, so that the row is
// locked for no longer than the commit takes.
func (t *Tx) count(ctx context.Context) error {
	_, err := t.tx.ExecContext(ctx, "UPDATE change_count SET n = n + 1 WHERE part = $1", rand.IntN(parts))
	return err
}
