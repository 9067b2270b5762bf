package koji

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

// ways are the lists that clients choose from by clauses.
var ways = map[string]Handler{
	"queue": Repos{}.queryQueue, "repos": Repos{}.query,
	"runs": Scheduler{}.runs, "refusals": Scheduler{}.refusals, "messages": Scheduler{}.messages,
}

// viewed asks a list as its method would.
func viewed(ctx context.Context, tx *db.Tx, ask Handler, clauses []any, opts map[string]any) (any, error) {
	sig := &signature{name: "list", params: []param{{name: "clauses"}, {name: "fields"}, {name: "opts"}}}
	args := &Args{sig: sig, values: []any{clauses, []any{"**"}, opts}}
	return ask(ctx, &Call{Args: args, Tx: tx})
}

// listed makes a little of all that the lists show: requests that go on, that
// came to something, that did not, and hosts that ran and refused tasks.
func (h *buildHub) listed(t *testing.T) {
	h.tags()
	for i := range 5 {
		tag := fmt.Sprintf("f4%d-x", i)
		h.root.must("createTag", tag)
		h.ada.must("repo.request", tag, kw("priority", i%2))
	}
	h.update(func(ctx context.Context, tx *db.Tx) error {
		var bad error
		run := func(_ int64, err error) { bad = errors.Join(bad, err) }
		run(tx.Exec(ctx, `UPDATE task SET state = 2, result = '[7, 3]', completion_time = create_time + 5000000, start_time = create_time + 1 WHERE id = 2`))
		run(tx.Exec(ctx, `UPDATE task SET state = 5, completion_time = create_time + 7 WHERE id = 3`))
		run(tx.Exec(ctx, `UPDATE task SET state = 3 WHERE id = 4`))
		run(tx.Exec(ctx, `UPDATE repo_queue SET active = FALSE WHERE task_id IN (2, 3, 4)`)) // as the end of a task does
		run(tx.Exec(ctx, `UPDATE repo_queue SET at_event = min_event, min_event = NULL, owner = NULL WHERE id = 1`))
		run(tx.Exec(ctx, `INSERT INTO users (id, name, usertype) VALUES (90, 'b1', 1), (91, 'b2', 1)`))
		run(tx.Exec(ctx, `INSERT INTO host (id, user_id, name, ready) VALUES (1, 90, 'b1', TRUE), (2, 91, 'b2', FALSE)`))
		run(tx.Exec(ctx, `INSERT INTO host_config (host_id, arches, create_event, creator_id) VALUES (1, 'x86_64', 1, 1), (2, 'x86_64', 1, 1)`))
		run(tx.Exec(ctx, `INSERT INTO task_runs (task_id, host_id, create_time, active) SELECT task.id, host.id, task.id * 1000003, task.state = 1 FROM task, host`))
		run(tx.Exec(ctx, `INSERT INTO task_refusals (task_id, host_id, soft, msg, time) SELECT task.id, host.id, task.id = 2, CASE WHEN task.id = 3 THEN 'no' END, task.id * 7 FROM task, host`))
		run(tx.Exec(ctx, `INSERT INTO task_notes (task_id, host_id, msg, time) SELECT CASE WHEN task.id <> 2 THEN task.id END, CASE WHEN task.id <> 3 THEN 1 END, 'x', task.id * 7 FROM task`))
		run(tx.Exec(ctx, `INSERT INTO repo (id, tag_id, tag_name, create_event, end_event, create_time, state_time, state, dist, task_id)
				SELECT task.id + 10, 1, 'f41', 1, CASE WHEN task.id > 3 THEN 2 END, task.id * 5, 9, task.state, task.id = 3, CASE WHEN task.id <> 5 THEN task.id END FROM task`))
		return bad
	})
}

// What the database does of a list is what the clauses mean to clients, whatever
// they are compared with.
func TestClausesMeanTheSameToTheDatabase(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.listed(t)
		err := h.db.View(context.Background(), func(tx *db.Tx) error {
			for name, ask := range ways {
				v, err := viewed(context.Background(), tx, ask, nil, nil)
				if err != nil {
					return err
				}
				all := v.([]xmlrpc.Struct)
				if len(all) < 5 {
					return fmt.Errorf("%s: %d rows", name, len(all))
				}
				for at, m := range all[0] {
					if fields := task.RunFields; (name == "refusals" || name == "messages") && fields[m.Name].SQL != "" {
						continue // of the task and the host: the same in three lists
					}
					if err := compared(t, tx, name, ask, all, at); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// compared asks for rows by one of their fields in all ways that there are.
func compared(t *testing.T, tx *db.Tx, name string, ask Handler, all []xmlrpc.Struct, at int) error {
	ctx := context.Background()
	field := all[0][at].Name
	values := []any{nil, true, int64(0), int64(math.MaxInt64), 1.5, 1e300, "a\x00b", map[string]any{}}
	for _, row := range all[:4] {
		switch v := row[at].Value.(type) {
		case int:
			values = append(values, int64(v))
		case float64:
			values = append(values, v, v+1e-7, int64(v))
		default:
			values = append(values, v)
		}
	}
	var list []any
	seen := map[string]bool{}
	for _, v := range values {
		if key := fmt.Sprintf("%T %v", v, v); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		for _, op := range []string{"=", "!=", "IS", "IS NOT", "<", ">", "<=", ">="} {
			list = append(list, []any{field, op, v})
		}
		list = append(list, []any{field, "IN", []any{v, values[len(values)-1]}})
	}
	list = append(list, []any{field, "IN", []any{}}, []any{field, "IN", values})
	for _, x := range list {
		c, err := readClause(x)
		if err != nil {
			return err
		}
		var want []any
		for _, row := range all {
			if meets(c, row[at].Value) {
				id, _ := member(row, "id")
				want = append(want, id)
			}
		}
		v, err := viewed(ctx, tx, ask, []any{x}, nil)
		if err != nil {
			return fmt.Errorf("%s %v: %w", name, x, err)
		}
		if diff := cmp.Diff(want, ids(v)); diff != "" {
			t.Errorf("%s %v: %s", name, x, diff)
		}
		if c.Op != "!=" && c.Op != "IN" {
			continue
		}
		n, err := viewed(ctx, tx, ask, []any{x}, map[string]any{"countOnly": true})
		if err != nil || fmt.Sprint(n) != fmt.Sprint(len(want)) {
			t.Errorf("%s %v: counted %v, %v; there are %d", name, x, n, err, len(want))
		}
	}
	return nil
}

func ids(v any) (all []any) {
	for _, row := range v.([]xmlrpc.Struct) {
		id, _ := member(row, "id")
		all = append(all, id)
	}
	return all
}

// Order, offset and limit are those of Koji, whoever carries them out.
func TestPartsOfLists(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.listed(t)
		ctx := context.Background()
		err := h.db.View(ctx, func(tx *db.Tx) error {
			for name, ask := range ways {
				v, err := viewed(ctx, tx, ask, nil, nil)
				if err != nil {
					return err
				}
				for _, m := range v.([]xmlrpc.Struct)[0] {
					for _, cut := range []QueryOpts{{Limit: -1}, {Limit: 2}, {Limit: 0}, {Offset: 1, Limit: 2}, {Offset: 3, Limit: -1}, {Offset: 99, Limit: 1}} {
						for _, order := range []string{m.Name, "-" + m.Name} {
							cut.Order = []string{order, "-id"}
							all, err := viewed(ctx, tx, ask, nil, nil)
							if err != nil {
								return err
							}
							want, err := cut.Apply(slices.Clone(all.([]xmlrpc.Struct)))
							if err != nil {
								return err
							}
							opts := map[string]any{"order": order + ", -id", "offset": int64(cut.Offset)}
							if cut.Limit >= 0 {
								opts["limit"] = int64(cut.Limit)
							}
							got, err := viewed(ctx, tx, ask, nil, opts)
							if err != nil {
								return err
							}
							if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
								t.Errorf("%s %v: %s", name, opts, diff)
							}
						}
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
