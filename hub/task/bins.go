package task

import (
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura/db"
)

// bin is where a free task waits: hosts differ in which bins they serve, never
// within one.
type bin struct {
	head    int64 // the first task there
	channel int64
	arch    string
	method  string
}

// freeBins gives the bins that hold free tasks. It hops over the index
// task_free_bin from bin to bin, so it costs the number of bins and not that
// of tasks. Steps are spelled out column by column, and columns are looked up
// one by one, because otherwise SQLite seeks by the first column only and
// PostgreSQL joins by reading the whole table.
func freeBins(ctx context.Context, tx *db.Tx) ([]bin, error) {
	return db.All(ctx, tx, func(s db.Scanner) (b bin, err error) {
		return b, s.Scan(&b.head, &b.channel, &b.arch, &b.method)
	}, `WITH RECURSIVE hop(id) AS (
			SELECT (SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE
				ORDER BY n.channel_id, n.arch, n.method, n.priority, n.share, n.id LIMIT 1)
			UNION ALL
			SELECT COALESCE(
				(SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE
					AND n.channel_id = t.channel_id AND n.arch = t.arch AND n.method > t.method
					ORDER BY n.method, n.priority, n.share, n.id LIMIT 1),
				(SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE
					AND n.channel_id = t.channel_id AND n.arch > t.arch
					ORDER BY n.arch, n.method, n.priority, n.share, n.id LIMIT 1),
				(SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE AND n.channel_id > t.channel_id
					ORDER BY n.channel_id, n.arch, n.method, n.priority, n.share, n.id LIMIT 1))
			FROM hop JOIN task t ON t.id = hop.id
		)
		SELECT id, (SELECT channel_id FROM task WHERE task.id = hop.id), (SELECT arch FROM task WHERE task.id = hop.id),
			(SELECT method FROM task WHERE task.id = hop.id)
		FROM hop WHERE id IS NOT NULL`)
}

// group is the tasks of one priority and one share in one bin.
type group struct {
	bin
	priority int
	share    int64
}

// maxGroups bounds what one lease looks at.
const maxGroups = 1000

// groups gives the groups in some bins, again by hopping.
func groups(ctx context.Context, tx *db.Tx, bins []bin) ([]group, error) {
	heads := make([]int64, len(bins))
	for i, b := range bins {
		heads[i] = b.head
	}
	var b db.Builder
	b.Add("WITH RECURSIVE hop(id) AS (SELECT id FROM task WHERE")
	db.In(&b, "id", heads)
	b.Add(` UNION ALL
			SELECT COALESCE(
				(SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE AND n.channel_id = t.channel_id
					AND n.arch = t.arch AND n.method = t.method AND n.priority = t.priority AND n.share > t.share
					ORDER BY n.share, n.id LIMIT 1),
				(SELECT n.id FROM task n WHERE n.state = 0 AND n.hub = FALSE AND n.channel_id = t.channel_id
					AND n.arch = t.arch AND n.method = t.method AND n.priority > t.priority
					ORDER BY n.priority, n.share, n.id LIMIT 1))
			FROM hop JOIN task t ON t.id = hop.id
		)
		SELECT id, (SELECT channel_id FROM task WHERE task.id = hop.id), (SELECT arch FROM task WHERE task.id = hop.id),
			(SELECT method FROM task WHERE task.id = hop.id), (SELECT priority FROM task WHERE task.id = hop.id),
			(SELECT share FROM task WHERE task.id = hop.id)
		FROM hop WHERE id IS NOT NULL`)
	b.Page(maxGroups, 0)
	return db.Find(ctx, tx, func(s db.Scanner) (g group, err error) {
		return g, s.Scan(&g.head, &g.channel, &g.arch, &g.method, &g.priority, &g.share)
	}, &b)
}

// running counts the tasks at work for each share.
func running(ctx context.Context, tx *db.Tx) (map[int64]int, error) {
	type count struct {
		share int64
		n     int
	}
	got, err := db.All(ctx, tx, func(s db.Scanner) (c count, err error) { return c, s.Scan(&c.share, &c.n) },
		`SELECT share, count(*) FROM task WHERE state IN (1, 4) AND hub = FALSE AND waiting = FALSE GROUP BY share`)
	if err != nil {
		return nil, err
	}
	m := make(map[int64]int, len(got))
	for _, c := range got {
		m[c.share] = c.n
	}
	return m, nil
}

// order sorts groups: priority, then whose share runs least, then age.
func order(gs []group, run map[int64]int) {
	slices.SortFunc(gs, func(a, b group) int {
		if a.priority != b.priority {
			return a.priority - b.priority
		}
		if d := run[a.share] - run[b.share]; d != 0 {
			return d
		}
		if a.head != b.head {
			return int(min(max(a.head-b.head, -1), 1))
		}
		return strings.Compare(a.arch, b.arch)
	})
}
