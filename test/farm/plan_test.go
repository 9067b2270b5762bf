package farm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// large are the tables that grow as long as a farm is in use: of none of them an
// everyday call reads all rows.
var large = []string{
	"archive_components", "archive_rpm_components", "archiveinfo", "build", "build_types", "buildroot", "buildroot_archives", "event",
	"node", "outbox", "part", "repo", "repo_queue", "request_keys", "root_set", "root_set_rpm", "rpm_header", "rpminfo", "rpmsigs", "sessions",
	"tag_listing", "tag_package_owners", "tag_packages", "task", "task_notes", "task_refusals", "task_runs",
}

// asked is a question to a database.
type asked struct {
	text string
	args []any
}

// whole is a large table of which all rows are read, and how the database says that.
type whole struct{ table, how string }

// explainer tells of which large tables a question reads all rows.
type explainer interface {
	wholes(ctx context.Context, q asked) ([]whole, error)
}

// tellsNothing is a condition that all rows of a farm meet.
var tellsNothing = regexp.MustCompile(`^\(?(namespace ?= ?[0?]|state ?= ?[1?])\)?$`)

func tells(cond string) bool { return cond != "" && !tellsNothing.MatchString(cond) }

// postgres reads PostgreSQL's plans. It plans as if it were dear to read a table from
// end to end, so where it still does nothing else can be done.
type postgres struct {
	conn *sql.Conn
	few  map[string]bool // indexes that hold few of their table's rows
}

func newPostgres(ctx context.Context, d *sql.DB) (*postgres, error) {
	c, err := d.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range []string{"SET enable_seqscan = off", "SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET max_parallel_workers_per_gather = 0"} {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	names, err := column(ctx, c, `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
		WHERE i.indpred IS NOT NULL AND c.reltuples < t.reltuples / 10`)
	p := &postgres{conn: c, few: map[string]bool{}}
	for _, n := range names {
		p.few[n] = true
	}
	return p, err
}

// pgNode is a step of a plan.
type pgNode struct {
	Type   string   `json:"Node Type"`
	As     string   `json:"Parent Relationship"`
	Table  string   `json:"Relation Name"`
	Index  string   `json:"Index Name"`
	Cond   string   `json:"Index Cond"`
	Filter string   `json:"Filter"`
	Plans  []pgNode `json:"Plans"`
}

func (p *postgres) wholes(ctx context.Context, q asked) ([]whole, error) {
	var text string
	if err := p.conn.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) "+q.text, q.args...).Scan(&text); err != nil {
		return nil, err
	}
	var plans []struct{ Plan pgNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		return nil, err
	}
	var all []whole
	for _, one := range plans {
		all = p.look(all, one.Plan, "", false)
	}
	return all, nil
}

// look looks at a step and those below it. What is enough is that the steps above end
// with the first rows that this one gives.
func (p *postgres) look(all []whole, n pgNode, table string, enough bool) []whole {
	if n.As == "InitPlan" || n.As == "SubPlan" || n.As == "Inner" {
		enough = false
	}
	if n.Table != "" {
		table = n.Table
	}
	switch n.Type {
	case "Limit":
		enough = true
	case "Sort", "Aggregate", "Materialize", "SetOp", "WindowAgg", "Hash", "Memoize":
		enough = false
	case "Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan":
		if slices.Contains(large, table) && !p.few[n.Index] && !tells(n.Cond) && (!enough || tells(n.Filter)) {
			all = append(all, whole{table, fmt.Sprintf("%s of %s, only %q, enough %v", n.Type, n.Index, n.Filter, enough)})
		}
	}
	for _, child := range n.Plans {
		all = p.look(all, child, table, enough)
	}
	return all
}

// sqlite reads SQLite's plans.
type sqlite struct {
	conn *sql.Conn
	few  map[string]bool
}

// sqliteStep is how SQLite says that it reads a table, by the name that it has in the
// question: all of it, or what an index finds, be it one that is made for that.
var sqliteStep = regexp.MustCompile(`^(SCAN|SEARCH) (\w+)(?: USING (AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX (\w+))?(?:.* \(([^)]*)\))?`)

func (p *sqlite) wholes(ctx context.Context, q asked) ([]whole, error) {
	rows, err := p.conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+q.text, q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type step struct {
		above int
		text  string
	}
	var steps []step
	sorted := map[int]bool{} // steps that put rows in order which those below them give
	within := map[int]bool{} // steps of questions in the question
	for rows.Next() {
		var id, unused int
		var s step
		if err := rows.Scan(&id, &s.above, &unused, &s.text); err != nil {
			return nil, err
		}
		steps = append(steps, s)
		sorted[s.above] = sorted[s.above] || strings.HasPrefix(s.text, "USE TEMP B-TREE") && !strings.Contains(s.text, " LAST ")
		within[id] = within[s.above] || inner.MatchString(s.text)
	}
	places := placesOf(q.text)
	var all []whole
	for _, s := range steps {
		m := sqliteStep.FindStringSubmatch(s.text)
		if m == nil || m[1] == "SEARCH" && m[3] == "" && !tellsNothing.MatchString(m[5]) || p.few[m[4]] {
			continue
		}
		for _, place := range places[m[2]] {
			if place.within == within[s.above] && slices.Contains(large, place.table) && !(place.limited && !sorted[s.above]) {
				all = append(all, whole{place.table, s.text})
				break
			}
		}
	}
	return all, rows.Err()
}

var inner = regexp.MustCompile(`^(?:CO-ROUTINE|MATERIALIZE|(?:CORRELATED )?(?:SCALAR|LIST) SUBQUERY)`)

// place is where a table is read in a question.
type place struct {
	table   string
	limited bool // the question that reads it ends with a LIMIT
	within  bool // that is one in the question
}

var namedTable = regexp.MustCompile(`\b(?:FROM|JOIN|,) *([a-z_]+)(?: +(?:AS +)?([a-z_]\w*))?`)

// placesOf finds the tables of a question, by the names that they have there.
func placesOf(text string) map[string][]place {
	all := map[string][]place{}
	var read func(text string, within bool)
	read = func(text string, within bool) {
		own := []byte(text)
		depth, from := 0, 0
		for i := range text {
			switch {
			case text[i] == '(':
				if depth++; depth == 1 {
					from = i + 1
				}
			case text[i] == ')':
				if depth--; depth == 0 {
					read(text[from:i], true)
				}
			}
			if depth > 0 {
				own[i] = ' '
			}
		}
		for _, m := range namedTable.FindAllStringSubmatch(string(own), -1) {
			p := place{m[1], strings.Contains(string(own), " LIMIT "), within}
			all[m[1]] = append(all[m[1]], p)
			if m[2] != "" {
				all[m[2]] = append(all[m[2]], p)
			}
		}
	}
	read(text, false)
	return all
}

// one makes a line of a question.
func (q asked) String() string {
	return fmt.Sprintf("%s %v", strings.Join(strings.Fields(q.text), " "), q.args)
}
