package farm

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// excuse is why a call may read all rows of a large table, on one of the databases or,
// if none is named, on both.
type excuse struct{ call, table, database, why string }

const (
	counted  = "all are counted, in an index that holds little else"
	mostAre  = "most of those that are passed over on the way to a page are of it"
	newest   = "few are, and those are the newest"
	beginAny = "only PostgreSQL has an index of what texts begin with, or hold"
	eighth   = "one in eight has no parent, so a page is found among few"
)

// excused are reads that are right as they are. Large hubs have PostgreSQL.
var excused = []excuse{
	{"listBuilds of all, their number", "build", "", counted},
	{"listBuilds of a state, building", "build", "sqlite", "few are being built, and those are read"},
	{"listBuilds of a state, a page by number", "build", "", mostAre},
	{"listBuilds of a pattern", "build", "sqlite", beginAny},
	{"listBuilds of a source", "build", "sqlite", beginAny},
	{"listTasks without parents, a page", "task", "postgres", eighth},
	{"listTasks without parents, a page by end", "task", "postgres", eighth},
	{"search build, glob that begins with a name", "build", "sqlite", beginAny},
	{"search build, glob that begins with a name, a page", "build", "sqlite", beginAny},
	{"search build, glob that begins with anything", "build", "sqlite", beginAny},
	{"search rpm, glob that begins with a name", "rpminfo", "sqlite", beginAny},
	{"search rpm, glob that begins with a name, a page", "rpminfo", "sqlite", beginAny},
	{"search rpm, glob that begins with anything", "rpminfo", "sqlite", beginAny},
	{"GET /builds?state=complete", "build", "", mostAre},
	{"GET /tasks?state=failed", "task", "postgres", "one in twenty-four is, so a page is found among few"},
	{"repo.query of what is not deleted", "repo", "sqlite", "the index of repositories that are not deleted is for those who say so with a constant; PostgreSQL sees that the argument is the same"},
	{"repo.queryQueue of what is under way", "repo_queue", "postgres", newest},
}

// more are rows of tables that Fill leaves empty: an empty table is read in any way.
const more = `
	INSERT INTO task_notes (task_id, host_id, msg, time) SELECT id, host_id, 'lease lost', start_time FROM task WHERE host_id IS NOT NULL AND id % 9 = 0;
	INSERT INTO task_refusals (task_id, host_id, time) SELECT id, host_id, start_time FROM task WHERE host_id IS NOT NULL AND id % 9 = 0;
	INSERT INTO archiveinfo (type_id, btype_id, build_id, filename, size, checksum, checksum_type)
		SELECT 1, 4, id, 'disk-' || n || '.raw', 1, md5(id || '-' || n), 0 FROM build, generate_series(1, 5) n;
	INSERT INTO archive_rpm_components (archive_id, rpm_id) SELECT a.id, r.id FROM archiveinfo a, generate_series(1, 2) n JOIN rpminfo r ON r.id % 2 = n % 2 WHERE r.build_id = a.build_id;
	INSERT INTO archive_components (archive_id, component_id) SELECT id, 1 + id * n % 1000 FROM archiveinfo, generate_series(1, 2) n ON CONFLICT DO NOTHING;
	INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep) SELECT b.id, 1 + b.id * n % 1000, FALSE FROM buildroot b, generate_series(1, 5) n ON CONFLICT DO NOTHING;
	ANALYZE task_notes, task_refusals, archiveinfo, archive_rpm_components, archive_components, buildroot_archives`

// open opens a database twice: as a hub does, and past it.
func open(t *testing.T, driver, name, address string) (*db.DB, *sql.DB) {
	t.Helper()
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	return d, raw
}

// No everyday call has a database look at all rows of a large table, be it one by one
// or in an index.
func TestNoCallReadsAllOfALargeTable(t *testing.T) {
	ctx := t.Context()
	address := dbtest.PostgresURL(t)
	pg, pgRaw := open(t, "pgx", address, address)
	newHouse(t, pg).releases(t)
	if err := Fill(ctx, pgRaw, Size{Builds: 240, Packages: 50, Tags: 40}, t.Logf); err != nil {
		t.Fatal(err)
	}
	if _, err := pgRaw.ExecContext(ctx, more); err != nil {
		t.Fatal(err)
	}
	items, err := Samples(ctx, pgRaw, 1)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d builds: %v", len(items), err)
	}
	path := filepath.Join(t.TempDir(), "kura.db")
	lite, liteRaw := open(t, "sqlite", path, "sqlite:"+path)
	if err := copyRecords(ctx, pgRaw, liteRaw, items[0].task); err != nil {
		t.Fatal(err)
	}
	p, err := newPostgres(ctx, pgRaw)
	if err != nil {
		t.Fatal(err)
	}
	c, err := liteRaw.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	taken := map[int]bool{}
	for name, on := range map[string]struct {
		d *db.DB
		e explainer
	}{"postgres": {pg, p}, "sqlite": {lite, &sqlite{c, p.few}}} {
		t.Run(name, func(t *testing.T) { walk(t, name, newHouse(t, on.d), on.e, items[0], taken) })
	}
	for i, x := range excused {
		if !taken[i] {
			t.Errorf("%s does not read all of %s any more (%s): it needs no excuse", x.call, x.table, x.why)
		}
	}
}

func walk(t *testing.T, database string, h *house, e explainer, f Item, taken map[int]bool) {
	seen := map[string]bool{}
	look := func(call string, ask func(context.Context) error) {
		var all []asked
		if err := ask(db.Watched(t.Context(), func(q string, args []any) { all = append(all, asked{q, args}) })); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		for _, q := range all {
			if seen[q.text] || !strings.HasPrefix(q.text, "SELECT") && !strings.HasPrefix(q.text, "WITH") {
				continue
			}
			seen[q.text] = true
			found, err := e.wholes(t.Context(), q)
			if err != nil {
				t.Errorf("%s: %v: %s", call, err, q)
			}
		next:
			for _, w := range found {
				for i, x := range excused {
					if x.call == call && x.table == w.table && (x.database == "" || x.database == database) {
						taken[i] = true
						continue next
					}
				}
				t.Errorf("%s reads all of %s (%s): %s", call, w.table, w.how, q)
			}
		}
	}
	for _, c := range Calls() {
		look(c.Name, func(ctx context.Context) error { return h.call(ctx, nil, c.Method, c.Params(f)...) })
	}
	for _, path := range paths(f) {
		look("GET "+path, func(ctx context.Context) error { return h.get(ctx, path) })
	}
	t.Logf("%d questions", len(seen))
}

// paths are what programs read of the JSON interface.
func paths(f Item) []string {
	day := time.Unix(f.last-86400, 0).UTC().Format(time.RFC3339)
	return []string{
		"/users", "/users/" + f.user, "/users/" + f.user + "/packages", "/tags", "/tags/" + f.tag, "/tags/" + f.tag + "-build/inheritance", "/targets",
		"/tags/" + f.tag + "-build/build-config", "/side-tags", "/packages", "/packages/" + f.name, "/packages/" + f.name + "/tags",
		"/packages/" + f.name + "/build-duration", "/tags/" + f.tag + "/packages", "/tags/" + f.tag + "-build/packages/" + f.name,
		"/builds", "/builds?package=" + f.name, "/builds?owner=" + f.user, "/builds?state=complete", "/builds?state=failed", "/builds/" + f.nvr(),
		fmt.Sprintf("/builds/%d", f.build), fmt.Sprintf("/builds/%d/rpms", f.build), fmt.Sprintf("/builds/%d/archives", f.build),
		fmt.Sprintf("/builds/%d/tags", f.build), fmt.Sprintf("/builds/%d/logs", f.build), fmt.Sprintf("/builds/%d/references", f.build),
		fmt.Sprintf("/buildroots/%d", f.root), fmt.Sprintf("/buildroots/%d/rpms", f.root), fmt.Sprintf("/buildroots?task=%d", f.task+2), fmt.Sprintf("/buildroots?repo=%d", f.build),
		"/search?of=build&pattern=" + f.name + "*", "/search?of=rpm&pattern=" + f.name + "*",
		"/tags/" + f.tag + "-updates/builds", "/tags/" + f.tag + "-updates/builds?latest=true", "/tags/" + f.tag + "-updates/rpms?package=" + f.name, "/tags/" + f.tag + "/archives?filename=disk-1.raw",
		fmt.Sprintf("/rpms/%d", f.rpm), "/rpms/" + f.rpmName, fmt.Sprintf("/rpms/%d/signatures", f.rpm), "/archives?filename=disk-1.raw",
		"/tasks", "/tasks?owner=" + f.user, "/tasks?state=open", "/tasks?state=failed", "/tasks?method=newRepo", fmt.Sprintf("/tasks/%d", f.task), fmt.Sprintf("/tasks/%d/files", f.task+2),
		fmt.Sprintf("/tasks/%d/descendants", f.task), "/scheduler/runs", fmt.Sprintf("/scheduler/runs?task=%d", f.task+2), "/scheduler/refusals", "/scheduler/messages",
		"/repos", "/repos?tag=" + f.tag + "-build", fmt.Sprintf("/repos/%d", f.build), fmt.Sprintf("/repos/%d/users", f.build), "/repo-requests",
		"/hosts", "/channels", "/moments/last", "/notifications?user=" + f.user, "/history?after=" + day,
	}
}
