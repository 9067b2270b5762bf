package history

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// By is something that records can be about.
type By uint8

// What records can be about. All are ids, but for names and keys.
const (
	Tag By = iota + 1
	Build
	Package
	PackageName // a package in a comps group
	User
	Permission
	ExternalRepo
	Target
	Group
	Host
	Channel
	Generator // of contents
	Key       // of an extra value of a tag
)

// Query says which records are wanted; what is zero does not narrow.
type Query struct {
	About  map[By]any // int64, or string for names and keys
	Active *bool
	Editor int64 // who made or revoked the record

	// The record was made or revoked before or after: times in microseconds,
	// and events.
	Before, After           int64
	BeforeEvent, AfterEvent int64

	// For reading in parts: only records that were made at this event or later,
	// and about how many: the last event is told to its end. 0 is all.
	From, Limit int64

	only int64 // records that were made at this event
}

// Record is one version of something.
type Record struct {
	CreateEvent, CreateTime int64
	RevokeEvent, RevokeTime *int64 // nil: in force
	CreatorID               int64
	RevokerID               *int64
	Creator, Revoker        *string
	Values                  []any // as the table's Columns; nil, bool, int64, float64 or string
}

// Tables names all versioned tables, sorted.
func Tables() []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	return names
}

func find(name string) (table, error) {
	for _, t := range tables {
		if t.name == name {
			return t, nil
		}
	}
	return table{}, kura.Errorf("history.Find", kura.NotFound, "No such history table: %s", name)
}

// Columns names what a table's records hold.
func Columns(name string) ([]string, error) {
	t, err := find(name)
	return t.columns, err
}

// Applies reports whether a table's records can be about all that a query is
// about.
func (q Query) Applies(name string) bool {
	t, err := find(name)
	for by := range q.About {
		if t.by[by] == nil && !(by == PackageName && t.by[Package] != nil) && !(by == Package && t.by[PackageName] != nil) {
			return false
		}
	}
	return err == nil
}

// Find gives the records of a table, oldest first; those of one event in the
// order of what they say, which is always the same.
func Find(ctx context.Context, tx *db.Tx, name string, q Query) ([]Record, error) {
	var got []Record
	for r, err := range Stream(ctx, tx, name, q) {
		if err != nil {
			return nil, err
		}
		got = append(got, r)
	}
	if n := len(got); q.Limit != 0 && int64(n) >= q.Limit { // the last event may have made more
		last := got[n-1].CreateEvent
		q.Limit, q.From, q.only = 0, 0, last
		rest, err := Find(ctx, tx, name, q)
		return append(slices.DeleteFunc(got, func(r Record) bool { return r.CreateEvent == last }), rest...), err
	}
	return got, nil
}

// Stream is Find while it is read, without the rest of the last event: the
// transaction can do nothing else then.
func Stream(ctx context.Context, tx *db.Tx, name string, q Query) iter.Seq2[Record, error] {
	const op = "history.Find"
	return func(yield func(Record, error) bool) {
		t, err := find(name)
		var b *db.Builder
		if err == nil {
			b, err = t.query(ctx, tx, q)
		}
		if err != nil {
			yield(Record{}, kura.E(op, err))
			return
		}
		var same []Record // of one event
		flush := func() bool {
			all := same
			same = same[:0]
			for _, r := range inOrder(all) {
				if !yield(r, nil) {
					return false
				}
			}
			return true
		}
		for r, err := range db.Stream(ctx, tx, func(s db.Scanner) (Record, error) { return scan(s, t.columns) }, b) {
			if err != nil {
				yield(Record{}, kura.E(op, err))
				return
			}
			if len(same) > 0 && same[0].CreateEvent != r.CreateEvent && !flush() {
				return
			}
			same = append(same, r)
		}
		flush()
	}
}

// inOrder puts records of one event in the order of what they say.
func inOrder(all []Record) []Record {
	if len(all) < 2 {
		return all
	}
	type said struct {
		Record
		text string
	}
	sorted := make([]said, len(all))
	for i, r := range all {
		sorted[i] = said{r, fmt.Sprint(r.Values...)}
	}
	slices.SortStableFunc(sorted, func(a, b said) int { return cmp.Compare(a.text, b.text) })
	for i, r := range sorted {
		all[i] = r.Record
	}
	return all
}

// query asks for the records of a table.
func (t *table) query(ctx context.Context, tx *db.Tx, q Query) (*db.Builder, error) {
	var b db.Builder
	if q.timed() && large[t.name] { // how old and how young decide
		if err := tx.PlanAnew(ctx); err != nil {
			return nil, err
		}
	}
	between, err := q.span(ctx, tx)
	if err != nil {
		return nil, err
	}
	// SQLite would look at all records to have them in order, however few are wanted.
	if q.AfterEvent != 0 && q.Limit == 0 {
		b.Add("SELECT +v.create_event")
	} else {
		b.Add("SELECT v.create_event")
	}
	q.from(&b, t, between.last)
	if q.After != 0 {
		// Two questions, as an index answers each of them: one for either would
		// have the database look at all records.
		b.Add(" AND v.create_event >= ? AND "+made+" > ? UNION ALL SELECT +v.create_event", between.first, q.After)
		q.from(&b, t, between.last)
		b.Add(" AND v.revoke_event >= ? AND "+gone+" > ? AND "+made+" <= ?", between.first, q.After, q.After)
	}
	b.Add(" ORDER BY 1") // create_event
	if q.Limit != 0 {
		b.Page(q.Limit, 0)
	}
	return &b, nil
}

// span is the first event after a time, and the last one before another.
type span struct{ first, last int64 }

// spanOf is under which a reading transaction keeps one: all tables are asked.
type spanOf struct{ after, before int64 }

// span asks for these events by themselves, so that the database knows how few
// records lie between. Clocks of hubs may differ, but not by ten thousand events.
// The times are compared as well.
func (q Query) span(ctx context.Context, tx *db.Tx) (s span, err error) {
	if q.After == 0 && q.Before == 0 {
		return s, nil
	}
	key := spanOf{q.After, q.Before}
	if known, ok := tx.Noted(key).(span); ok && tx.ReadOnly() {
		return known, nil
	}
	err = tx.Row(ctx, `SELECT COALESCE((SELECT min(id) FROM (SELECT id FROM event WHERE time > $1 ORDER BY time LIMIT 10000) young), 9223372036854775807),
		COALESCE((SELECT max(id) FROM (SELECT id FROM event WHERE time < $2 ORDER BY time DESC LIMIT 10000) old), 0)`, q.After, q.Before).Scan(&s.first, &s.last)
	tx.Note(key, s)
	return s, err
}

// timed reports whether times or events say how much there is to read.
func (q Query) timed() bool {
	return q.After != 0 || q.Before != 0 || q.AfterEvent != 0 || q.BeforeEvent != 0
}

// from asks for a table's records, behind the event that made them and without saying
// after which time. last is the last event before the time before which they were made.
func (q Query) from(b *db.Builder, t *table, last int64) {
	t.from(b)
	for by, v := range q.About {
		if add := t.by[by]; add != nil {
			add(b, v)
		}
	}
	q.versions(b, last)
	if q.From != 0 {
		b.Add(" AND v.create_event >= ?", q.From)
	}
	if q.only != 0 {
		b.Add(" AND v.create_event = ?", q.only)
	}
}

// versions adds the conditions on when and by whom. What was revoked before was
// made before.
func (q Query) versions(b *db.Builder, last int64) {
	if q.Active != nil && *q.Active {
		b.Add(" AND v.revoke_event IS NULL")
	} else if q.Active != nil {
		b.Add(" AND v.revoke_event IS NOT NULL")
	}
	if q.Editor != 0 {
		b.Add(" AND (v.creator_id = ? OR v.revoker_id = ?)", q.Editor, q.Editor)
	}
	if q.Before != 0 {
		b.Add(" AND v.create_event <= ? AND "+made+" < ?", last, q.Before)
	}
	if q.BeforeEvent != 0 {
		b.Add(" AND v.create_event < ?", q.BeforeEvent)
	}
	if q.AfterEvent != 0 {
		b.Add(" AND (v.create_event > ? OR v.revoke_event > ?)", q.AfterEvent, q.AfterEvent)
	}
}

// flags are the columns of truth values, which SQLite gives as numbers.
var flags = map[string]bool{
	"blocked": true, "exported": true, "is_default": true, "uservisible": true, "biarchonly": true, "basearchonly": true,
	"is_metapkg": true, "enabled": true, "locked": true, "maven_support": true, "maven_include_all": true,
	"intransitive": true, "noconfig": true,
}

func scan(s db.Scanner, columns []string) (Record, error) {
	r := Record{Values: make([]any, len(columns))}
	dest := []any{&r.CreateEvent, &r.RevokeEvent, &r.CreatorID, &r.RevokerID, &r.Creator, &r.Revoker, &r.CreateTime, &r.RevokeTime}
	for i := range r.Values {
		dest = append(dest, &r.Values[i])
	}
	err := s.Scan(dest...)
	for i, v := range r.Values {
		switch v := v.(type) {
		case []byte:
			r.Values[i] = string(v)
		case int64:
			if flags[columns[i]] {
				r.Values[i] = v != 0
			}
		}
	}
	return r, err
}
