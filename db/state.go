package db

import (
	"context"
	"math/rand/v2"
)

// parts is how many rows count changes.
const parts = 16

// State tells states of the database apart: each number is another one after each
// committed change of what it counts. Two transactions that see the same number see
// the same of that.
type State struct {
	Builds int64 // builds, their packages and archives, and signatures
	Tagged int64 // what is in tags
	Others int64 // all other records; tables of motion are none: see kinds.go
	Rights int64 // who callers are, and what they may do

	// Altered counts, of the changes of Builds and Others, those after which something
	// that was told of complete builds and their packages is different: see Tx.Untold.
	Altered int64
}

// State is the state at some time after it was asked for. Those who ask at the
// same time share a question, so that it costs next to nothing when many ask, and
// none is asked where a glance tells that nothing was committed since the last one.
func (d *DB) State(ctx context.Context) (State, error) {
	if s, ok := d.glance.same(); ok {
		return s, nil
	}
	s, err := d.state.now(ctx)
	return s, classify(err)
}

const stateQuery = `SELECT CAST(sum(builds) AS BIGINT), CAST(sum(tagged) AS BIGINT), CAST(sum(others) AS BIGINT), CAST(sum(rights) AS BIGINT),
	CAST(sum(altered) AS BIGINT) FROM change_count`

func (s *State) places() []any { return []any{&s.Builds, &s.Tagged, &s.Others, &s.Rights, &s.Altered} }

func (d *DB) readState(ctx context.Context) (s State, err error) {
	note := d.glance.look()
	err = d.read.QueryRowContext(ctx, stateQuery).Scan(s.places()...)
	if err == nil {
		note(s)
	}
	return s, err
}

// State is the state that a transaction sees which only reads; what one writes is counted
// at its end. Who asks for it knows
// something of what it was before: what is made of that depends on what was Altered.
func (t *Tx) State(ctx context.Context) (s State, err error) {
	t.reads |= altered
	err = t.Row(ctx, stateQuery).Scan(s.places()...)
	return s, classify(err)
}

// Untold runs fn, which changes builds that are not complete, and what belongs to
// them, or rpms of no build: nobody was told of them in a list of what tags hold. Who
// calls it makes sure of that until the transaction ends.
func (t *Tx) Untold(fn func() error) error {
	before := t.changed & altered
	err := fn()
	t.changed = t.changed&^altered | before
	return err
}

// Reads is what a transaction has read of that which State tells apart.
type Reads struct{ kinds kinds }

// Reads gives what this transaction has read so far.
func (t *Tx) Reads() Reads { return Reads{t.reads} }

// Keeps reports whether what was read stays the same for as long as a state is the
// Same: if not, something of it may be of a table of motion.
func (r Reads) Keeps() bool { return r.kinds&motion == 0 }

// Same reports whether what was read is the same in both states.
func (r Reads) Same(a, b State) bool {
	return (r.kinds&builds == 0 || a.Builds == b.Builds) && (r.kinds&tagged == 0 || a.Tagged == b.Tagged) &&
		(r.kinds&others == 0 || a.Others == b.Others) && (r.kinds&altered == 0 || a.Altered == b.Altered)
}

// Before reports whether a state was there before another one.
func (s State) Before(t State) bool {
	return s.Builds+s.Tagged+s.Others+s.Rights < t.Builds+t.Tagged+t.Others+t.Rights
}

// look looks at a statement before it is run.
func (t *Tx) look(q string) {
	if t.readonly {
		t.reads |= readsOf(q)
	} else if t.changed != countable {
		t.changed |= changesOf(q)
	}
}

// count notes a change as the last thing of a transaction, so that the row is
// locked for no longer than the commit takes.
func (t *Tx) count(ctx context.Context) error {
	if t.changed == 0 {
		return nil
	}
	one := func(k kinds) int {
		if t.changed&k != 0 {
			return 1
		}
		return 0
	}
	_, err := t.tx.ExecContext(ctx, "UPDATE change_count SET builds = builds + $1, tagged = tagged + $2, others = others + $3, rights = rights + $4, altered = altered + $5 WHERE part = $6",
		one(builds), one(tagged), one(others), one(rights), one(altered), rand.IntN(parts))
	return err
}
