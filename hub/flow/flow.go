package flow

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// Config is what the administrator decides.
type Config struct {
	Dist     string        // %dist where a tag does not set it
	Rules    []source.Rule // SCM addresses that may be built
	OwnHosts []string      // host:port under which this hub serves sources, always allowed
	CA       string        // PEM of the authority behind OwnHosts
	Limits   protocol.Limits
	Policies *Policies // nil: Koji's defaults

	Maven, Windows bool // such builds are wanted here
}

// Flow ties the rooms together.
type Flow struct {
	db     *db.DB
	blobs  blob.Store
	tasks  *task.Room
	repos  *repo.Maker
	signer *sign.Room
	conf   Config
}

// New makes the top floor on its rooms.
func New(d *db.DB, b blob.Store, t *task.Room, r *repo.Maker, s *sign.Room, c Config) *Flow {
	if c.Policies == nil {
		c.Policies = DefaultPolicies()
	}
	return &Flow{db: d, blobs: b, tasks: t, repos: r, signer: s, conf: c}
}

// Register gives the runner the handlers of the hub's own tasks.
func (f *Flow) Register(n *task.Runner) {
	n.Handle("build", f.build)
	n.Handle("tagBuild", f.tagBuild)
	n.Handle("newRepo", f.newRepo)
	n.Handle("distRepo", f.distRepo)
	n.Handle("chainbuild", f.chain)
}

// HubMethods are the methods that the hub runs itself.
var HubMethods = map[string]bool{"build": true, "tagBuild": true, "newRepo": true, "distRepo": true, "chainbuild": true}

// params reads a task's parameters: Koji's positional ones into dest, keyword
// ones by the names given, in order.
func params(t *task.Task, names []string, dest ...any) error {
	const op = "flow.params"
	var raw []json.RawMessage
	if err := json.Unmarshal(t.Request, &raw); err != nil {
		return kura.Errorf(op, kura.Invalid, "the parameters of task %d are not a list: %w", t.ID, err)
	}
	var kw map[string]json.RawMessage
	if n := len(raw); n > 0 {
		var m map[string]json.RawMessage
		if json.Unmarshal(raw[n-1], &m) == nil && m["__starstar"] != nil {
			kw, raw = m, raw[:n-1]
		}
	}
	if len(raw) > len(dest) {
		return kura.Errorf(op, kura.Invalid, "%s takes at most %d parameters, task %d has %d", t.Method, len(dest), t.ID, len(raw))
	}
	for i := range dest {
		var v json.RawMessage
		if i < len(raw) {
			v = raw[i]
		} else if k, ok := kw[names[i]]; ok {
			v = k
		}
		if v == nil || string(v) == "null" {
			continue
		}
		if err := json.Unmarshal(v, dest[i]); err != nil {
			return kura.Errorf(op, kura.Invalid, "parameter %s of %s: %w", names[i], t.Method, err)
		}
	}
	return nil
}

// request encodes a task's parameters.
func request(args ...any) json.RawMessage {
	b, err := json.Marshal(args)
	if err != nil {
		panic(err) // numbers, texts and structs of this package
	}
	return b
}

// ownerOf loads who a task acts for, with the permissions held now, and no more of
// them than the token might use that made the task.
func ownerOf(ctx context.Context, tx *db.Tx, t *task.Task) (account.Actor, error) {
	if t.Owner == nil {
		return account.Anonymous, nil
	}
	by, err := account.Load(ctx, tx, account.ByID(*t.Owner))
	return by.Narrow(t.Scopes), err
}

// nameOrID is a parameter that Koji takes as a name or as a number.
type nameOrID struct{ account.Ref }

func (n *nameOrID) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &n.ID) == nil {
		return nil
	}
	return json.Unmarshal(b, &n.Name)
}
