package db

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// rights are the tables that say who callers are and what they may do. Those of
// them that are not quiet count as records too: lists name users.
var rights = map[string]bool{
	"users": true, "permissions": true, "user_perms": true, "user_groups": true, "sessions": true, "tokens": true,
}

// still are changes of sessions that take no right from anybody: each call that
// writes notes its number.
var still = []string{
	"UPDATE sessions SET callnum = $1 ", "UPDATE sessions SET update_time = $1 ",
	"INSERT INTO sessions ", "INSERT INTO tokens ",
}

// writes finds what writes behind a WITH.
var writes = regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE|MERGE)\b`)

// State tells states of the database apart: a number is another one after each
// committed change of what it counts. Two transactions that see the same number see
// the same.
type State struct {
	Records int64 // all but tables of motion: tasks, hosts' reports, sessions, files, repositories, buildroots
	Rights  int64 // who callers are, and what they may do
}

// State is the state at some time after it was asked for. Those who ask at the
// same time share a question, so that it costs next to nothing when many ask.
func (d *DB) State(ctx context.Context) (State, error) {
	s, err := d.state.now(ctx)
	return s, classify(err)
}

func (d *DB) readState(ctx context.Context) (s State, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT CAST(sum(n) AS BIGINT), CAST(sum(rights) AS BIGINT) FROM change_count").Scan(&s.Records, &s.Rights)
	return s, err
}

// kinds is what a statement may change, or a transaction has changed.
type kinds struct{ records, rights bool }

// look looks at a statement before it is run.
func (t *Tx) look(q string) {
	if t.readonly {
		t.motion = t.motion || readsMotion(q)
		return
	}
	if t.changed.records && t.changed.rights {
		return
	}
	k := counts(q)
	t.changed.records = t.changed.records || k.records
	t.changed.rights = t.changed.rights || k.rights
}

// ReadMotion reports whether anything that this transaction read may be of a table
// of motion: if not, it reads the same for as long as State.Records is the same.
// What events say never changes.
func (t *Tx) ReadMotion() bool { return t.motion }

// asked keeps what was found out about texts. They are constants, or put together
// of some, so there are not many; of lists of values there may be.
var (
	asked     sync.Map // string to bool
	askedMany atomic.Int32
)

const askedMost = 4096

func readsMotion(q string) bool {
	if known, ok := asked.Load(q); ok {
		return known.(bool)
	}
	found := false
	for w := range strings.FieldsFuncSeq(q, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if quiet[w] && w != "event" {
			found = true // it may be the name of something else: that costs time and not truth
			break
		}
	}
	if askedMany.Add(1) <= askedMost {
		asked.Store(q, found)
	}
	return found
}

// counts tells what a statement may change of that which State tells apart.
func counts(q string) kinds {
	all := kinds{true, true}
	words := strings.Fields(q[:min(len(q), 200)])
	if len(words) > 0 && strings.EqualFold(words[0], "WITH") {
		if writes.MatchString(q) {
			return all
		}
		return kinds{}
	}
	for i, w := range words {
		switch strings.ToUpper(w) {
		case "SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK":
			if i > 0 {
				return all
			}
			return kinds{}
		case "UPDATE", "INTO", "FROM":
			if i+1 == len(words) {
				return all
			}
			name, _, _ := strings.Cut(words[i+1], "(")
			return kinds{!quiet[name], rights[name] && !slices.ContainsFunc(still, func(s string) bool { return strings.HasPrefix(q, s) })}
		case "INSERT", "OR", "IGNORE", "REPLACE", "DELETE":
		default:
			return all // whatever it is, it may write anything
		}
	}
	return all
}

// count notes a change as the last thing of a transaction, so that the row is
// locked for no longer than the commit takes.
func (t *Tx) count(ctx context.Context) error {
	part := rand.IntN(parts)
	var err error
	switch t.changed {
	case kinds{records: true}:
		_, err = t.tx.ExecContext(ctx, "UPDATE change_count SET n = n + 1 WHERE part = $1", part)
	case kinds{rights: true}:
		_, err = t.tx.ExecContext(ctx, "UPDATE change_count SET rights = rights + 1 WHERE part = $1", part)
	case kinds{true, true}:
		_, err = t.tx.ExecContext(ctx, "UPDATE change_count SET n = n + 1, rights = rights + 1 WHERE part = $1", part)
	}
	return err
}
