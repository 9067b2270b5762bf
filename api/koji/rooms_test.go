package koji

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/accounttest"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// onHubs runs a test against a hub over its real rooms, on each database.
func onHubs(t *testing.T, fn func(t *testing.T, f *front)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, newHub(t, d)) })
}

// newHub is a front over real rooms. ada is a person, root an admin.
func newHub(t testing.TB, d *db.DB, more ...Handlers) *front {
	t.Helper()
	f := &front{t: t, db: d}
	f.update(func(ctx context.Context, tx *db.Tx) error {
		for _, name := range []string{"ada", "root"} {
			u, err := account.Create(ctx, tx, name, account.Person)
			if err == nil {
				err = accounttest.SetPassword(ctx, tx, u.ID, name+"'s secret")
			}
			if err != nil {
				return err
			}
		}
		return account.Grant(ctx, tx, account.System, account.ByName("root"), account.ByName("admin"))
	})
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f.server, err = New(Config{DB: d, Sessions: account.NewSessions(), Uploads: upload.New(d, blobs)}, append(rooms(d, blobs), more...)...)
	if err != nil {
		t.Fatal(err)
	}
	f.http = httptest.NewServer(f.server)
	t.Cleanup(f.http.Close)
	return f
}

// rooms are all parts that this package has.
func rooms(d *db.DB, blobs blob.Store) []Handlers {
	tasks := task.New(nil)
	flows := flow.New(d, blobs, tasks, repo.NewMaker(d, blobs), nil, flow.Config{})
	return []Handlers{
		Accounts{}.Handlers(),
		Tokens{Sessions: account.NewSessions()}.Handlers(),
		Tasks{Room: tasks, Blobs: blobs}.Handlers(),
		Hosts{Room: tasks}.Handlers(),
		Builders{Room: tasks, Hub: flow.HubMethods}.Handlers(),
		Scheduler{}.Handlers(),
		Starts{Flow: flows}.Handlers(),
		Notifications{Domain: "example.org"}.Handlers(),
		Tags{Lists: tag.NewLists(nil), Side: &tag.SideTags{Suffixes: []string{"fast"}}}.Handlers(),
		Events{}.Handlers(),
		History{}.Handlers(),
	}
}

// pick takes some members of a struct, or of each struct of a list.
func pick(v any, names ...string) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = pick(v[i], names...)
		}
		return out
	case map[string]any:
		if len(names) == 1 {
			return v[names[0]]
		}
		out := map[string]any{}
		for _, n := range names {
			out[n] = v[n]
		}
		return out
	}
	return v
}

func list(values ...any) []any { return append([]any{}, values...) }
