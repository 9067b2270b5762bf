package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

func channelStruct(ch *task.Channel) xmlrpc.Struct {
	return record("id", ch.ID, "name", ch.Name, "description", deref(ch.Description),
		"enabled", ch.Enabled, "comment", deref(ch.Comment))
}

func (Hosts) channels(ctx context.Context, c *Call) (any, error) {
	ref, at, enabled := task.Ref(c.Args.Ref("hostID")), c.Args.Event("event"), c.Args.OptBool("enabled")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var host int64
	switch {
	case ref.Name != "":
		h, err := task.GetHost(ctx, c.Tx, ref, 0)
		if err != nil {
			return nil, err
		}
		host = h.ID
	case ref.ID != 0:
		host = ref.ID
	case at != 0:
		return nil, kura.Errorf("koji.listChannels", kura.Invalid, "list_channels with event and not host is not allowed.")
	}
	channels, err := task.ListChannels(ctx, c.Tx, host, at, enabled)
	rows := make([]xmlrpc.Struct, len(channels))
	for i, ch := range channels {
		rows[i] = channelStruct(ch)
	}
	return rows, err
}

func (Hosts) channel(ctx context.Context, c *Call) (any, error) {
	ref, strict := task.Ref(c.Args.Ref("channelInfo")), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	ch, err := task.GetChannel(ctx, c.Tx, ref)
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return channelStruct(ch), nil
}

func (h Hosts) addChannel(ctx context.Context, c *Call) (any, error) {
	name, description := c.Args.String("channel_name"), c.Args.OptString("description")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return h.Room.AddChannel(ctx, c.Tx, name, description)
}

func (h Hosts) renameChannel(ctx context.Context, c *Call) (any, error) {
	old, name := task.Ref(c.Args.Ref("old")), c.Args.String("new")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, err := h.Room.EditChannel(ctx, c.Tx, old, task.ChannelEdit{Name: &name})
	return nothing(err)
}

func (h Hosts) editChannel(ctx context.Context, c *Call) (any, error) {
	ref := task.Ref(c.Args.Ref("channelInfo"))
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r := optReader{opts: c.Args.Keywords}
	var e task.ChannelEdit
	for name, to := range map[string]**string{"name": &e.Name, "description": &e.Description, "comment": &e.Comment} {
		if c.Args.Keywords[name] != nil {
			text := r.string(name)
			*to = &text
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return h.Room.EditChannel(ctx, c.Tx, ref, e)
}

func (h Hosts) enableChannel(enabled bool) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		ref, comment := task.Ref(c.Args.Ref("channelname")), c.Args.OptString("comment")
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		_, err := h.Room.EditChannel(ctx, c.Tx, ref, task.ChannelEdit{Enabled: &enabled, Comment: comment})
		return nothing(err)
	}
}
