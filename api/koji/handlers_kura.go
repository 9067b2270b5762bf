package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/task"
)

func keyStruct(k sign.Key) xmlrpc.Struct {
	return record("name", k.Name, "keyid", k.KeyID, "kind", k.Kind, "public", k.Public, "created", TimeTS(k.Created))
}

// createKey has the signer make a key. Its private side never leaves it.
func (h Signing) createKey(ctx context.Context, c *Call) (any, error) {
	name, kind, user, email := c.Args.String("name"), c.Args.String("kind"), c.Args.String("user_id"), c.Args.String("email")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if user == "" {
		user = name
	}
	k, err := h.Sign.Create(ctx, c.Actor, name, kind, user, email)
	if err != nil {
		return nil, err
	}
	return keyStruct(k), nil
}

func (Signing) keys(ctx context.Context, c *Call) (any, error) {
	all, err := sign.Keys(ctx, c.Tx)
	out := make([]xmlrpc.Struct, len(all))
	for i, k := range all {
		out[i] = append(keyStruct(k), xmlrpc.Member{Name: "retired", Value: TimeTS(moment(k.Retired))})
	}
	return out, err
}

// build signs all packages of a build, and names them.
func (h Signing) build(ctx context.Context, c *Call) (any, error) {
	key := c.Args.String("key")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var b *build.Build
	err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		b, err = findBuild(ctx, tx, c.Args.Any("build"))
		return err
	})
	if err != nil {
		return nil, err
	}
	rpms, err := h.Sign.Build(ctx, c.Actor, b.ID, key)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rpms))
	for i, r := range rpms {
		names[i] = r.File()
	}
	return names, nil
}

// whyWaiting says why a task waits. The place counts from 1, 0 means nothing;
// the estimate is seconds until it begins, nil if that is not known.
func (h Builds) whyWaiting(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("task")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if h.Tasks == nil {
		return nil, kura.Errorf("koji.whyWaiting", kura.Unavailable, "this hub has no tasks")
	}
	if _, err := task.Get(ctx, c.Tx, id); err != nil {
		return nil, err
	}
	w, err := h.Tasks.WhyWaiting(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	var estimate, took any
	if w.Start >= 0 {
		estimate = w.Start.Seconds()
	}
	if w.Took > 0 {
		took = w.Took.Seconds()
	}
	hosts := make([]xmlrpc.Struct, len(w.Hosts))
	for i, v := range w.Hosts {
		hosts[i] = record("name", v.Host, "against", v.Against)
	}
	return record("reason", w.Reason, "code", w.Code, "place", w.Place, "estimate", estimate, "took", took, "hosts", hosts), nil
}
