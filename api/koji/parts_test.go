package koji

import (
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// part is a part of the front under the name of its type.
type part interface{ Handlers() Handlers }

// wholeFront are all parts, as cmd/kura wires them.
func wholeFront(t *testing.T, d *db.DB) []part {
	t.Helper()
	parts, _ := wholeFrontOver(d, wholeBlobs(t), flow.Config{})
	return parts
}

func wholeBlobs(t *testing.T) blob.Store {
	t.Helper()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

// wholeFrontOver gives the rooms of tasks and of their flow, too.
func wholeFrontOver(d *db.DB, blobs blob.Store, conf flow.Config) ([]part, workshop) {
	tasks, signer := task.New(&wires{ears: map[int]ear{}}), sign.New(d, blobs, nil)
	conf.Maven, conf.Windows = true, true
	flows := flow.New(d, blobs, tasks, repo.NewMaker(d, blobs), signer, conf)
	return []part{
		Accounts{}, Tokens{Sessions: account.NewSessions()},
		Tasks{Room: tasks, Blobs: blobs, Hub: flow.HubMethods}, Hosts{Room: tasks},
		Builders{Room: tasks, Hub: flow.HubMethods}, Scheduler{}, Starts{Flow: flows}, Notifications{Domain: "example.org"},
		Tags{Lists: tag.NewLists(flows.Policies().List), Side: &tag.SideTags{Suffixes: []string{"fast"}, Allow: flows.Policies().SideTag}}, Events{}, History{}, Policies{Rules: flows.Policies()},
		Builds{DB: d, Blobs: blobs, Tasks: tasks, Flow: flows}, Archives{DB: d, Blobs: blobs, Flow: flows}, Hosted{DB: d, Flow: flows}, Repos{Flow: flows, Tasks: tasks},
		Signing{DB: d, Blobs: blobs, Sign: signer},
	}, workshop{tasks, flows}
}

// workshop is what a runner of the hub's own tasks needs.
type workshop struct {
	tasks *task.Room
	flow  *flow.Flow
}
