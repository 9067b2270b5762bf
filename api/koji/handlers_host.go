package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

// Hosts carries out what concerns build hosts and their channels.
type Hosts struct {
	Room *task.Room
}

// Handlers are the methods.
func (h Hosts) Handlers() Handlers {
	return Handlers{
		"addHost":               h.add,
		"editHost":              h.edit,
		"enableHost":            h.enable(true),
		"disableHost":           h.enable(false),
		"listHosts":             h.list,
		"getHost":               h.get,
		"getLastHostUpdate":     h.lastUpdate,
		"getAllArches":          h.arches,
		"addHostToChannel":      h.join,
		"removeHostFromChannel": h.leave,
		"listChannels":          h.channels,
		"getChannel":            h.channel,
		"addChannel":            h.addChannel,
		"renameChannel":         h.renameChannel,
		"editChannel":           h.editChannel,
		"enableChannel":         h.enableChannel(true),
		"disableChannel":        h.enableChannel(false),
	}
}

func hostStruct(h *task.Host) xmlrpc.Struct {
	return record("id", h.ID, "user_id", h.UserID, "name", h.Name, "update_ts", TimeTS(moment(h.UpdateTime)),
		"ready", h.Ready, "task_load", h.TaskLoad, "arches", deref(h.Arches), "capacity", h.Capacity,
		"description", deref(h.Description), "comment", deref(h.Comment), "enabled", h.Enabled)
}

func (h Hosts) add(ctx context.Context, c *Call) (any, error) {
	n := task.NewHost{Name: c.Args.String("hostname"), Arches: c.Args.Strings("arches"), Adopt: c.Args.Bool("force")}
	if p := c.Args.OptString("krb_principal"); p != nil {
		n.Principal = *p
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return h.Room.Enrol(ctx, c.Tx, c.Actor, n)
}

// edit changes what the keywords name, and says whether anything changed.
func (h Hosts) edit(ctx context.Context, c *Call) (any, error) {
	ref := task.Ref(c.Args.Ref("hostInfo"))
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var e task.HostEdit
	for name, v := range c.Args.Keywords {
		text, isText := v.(string)
		num, isNum := number(v)
		ok := isText || v == nil
		switch name {
		case "arches":
			e.Arches = &text
		case "description":
			e.Description = &text
		case "comment":
			e.Comment = &text
		case "capacity":
			e.Capacity, ok = &num, isNum
		}
		if !ok {
			return nil, kura.Errorf("koji.editHost", kura.Invalid, "Invalid type for %s of a host: %s", name, typeName(v))
		}
	}
	return h.Room.EditHost(ctx, c.Tx, c.Actor, ref, e)
}

func (h Hosts) enable(enabled bool) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		ref := task.Ref(c.Args.Ref("hostname"))
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		_, err := h.Room.EditHost(ctx, c.Tx, c.Actor, ref, task.HostEdit{Enabled: &enabled})
		return nothing(err)
	}
}

func (Hosts) list(ctx context.Context, c *Call) (any, error) {
	f := task.HostFilter{Arches: c.Args.Strings("arches"), Ready: c.Args.OptBool("ready"), Enabled: c.Args.OptBool("enabled")}
	if c.Args.Any("channelID") != nil {
		ref := task.Ref(c.Args.Ref("channelID"))
		f.Channel = &ref
	}
	opts := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if c.Args.Any("arches") != nil && len(f.Arches) == 0 {
		return nil, kura.Errorf("koji.listHosts", kura.Invalid, "arches option cannot be empty")
	}
	if c.Args.Any("userID") != nil {
		u, err := userArg(ctx, c, "userID")
		if err != nil {
			return nil, err
		}
		f.User = &task.Ref{ID: u.ID}
	}
	hosts, err := task.ListHosts(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(hosts))
	for i, host := range hosts {
		rows[i] = hostStruct(host)
	}
	return opts.Apply(rows)
}

func (Hosts) get(ctx context.Context, c *Call) (any, error) {
	ref, strict, at := task.Ref(c.Args.Ref("hostInfo")), c.Args.Bool("strict"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	host, err := task.GetHost(ctx, c.Tx, ref, at)
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return hostStruct(host), nil
}

func (Hosts) lastUpdate(ctx context.Context, c *Call) (any, error) {
	id, ts := c.Args.Int("hostID"), c.Args.Bool("ts")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	at, err := task.LastUpdate(ctx, c.Tx, id)
	if ts {
		return TimeTS(at), err
	}
	return TimeText(at), err
}

func (Hosts) arches(ctx context.Context, c *Call) (any, error) {
	names, err := task.AllArches(ctx, c.Tx)
	for i, a := range names {
		names[i] = rpm.CanonArch(a)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

func (h Hosts) join(ctx context.Context, c *Call) (any, error) {
	host, channel := task.Ref(c.Args.Ref("hostname")), task.Ref(c.Args.Ref("channel_name"))
	create, force := c.Args.Bool("create"), c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Room.Join(ctx, c.Tx, c.Actor, host, channel, create, force))
}

func (h Hosts) leave(ctx context.Context, c *Call) (any, error) {
	host, channel := task.Ref(c.Args.Ref("hostname")), task.Ref(c.Args.Ref("channel_name"))
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Room.Leave(ctx, c.Tx, c.Actor, host, channel))
}
