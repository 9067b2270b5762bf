package koji

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

// Builders carries out what Koji's own build hosts call about themselves and
// their tasks.
type Builders struct {
	Room *task.Room
	Hub  map[string]bool // methods of tasks that hubs run themselves
}

// Handlers are the methods.
func (h Builders) Handlers() Handlers {
	return Handlers{
		"host.getID":           h.asHost(h.id),
		"host.getHost":         h.asHost(h.host),
		"host.isEnabled":       h.asHost(h.enabled),
		"host.updateHost":      h.asHost(h.update),
		"host.setHostData":     h.asHost(h.setData),
		"host.getLoadData":     h.asHost(h.loadData),
		"host.getTasks":        h.asHost(h.tasks),
		"host.getHostTasks":    h.asHost(h.open),
		"host.openTask":        h.asHost(h.openTask),
		"host.closeTask":       h.asHost(h.closeTask),
		"host.failTask":        h.asHost(h.failTask),
		"host.freeTasks":       h.asHost(h.freeTasks),
		"host.refuseTask":      h.asHost(h.refuse),
		"host.setTaskWeight":   h.asHost(h.setWeight),
		"host.taskSetWait":     h.asHost(h.setWait),
		"host.taskWait":        h.asHost(h.wait),
		"host.taskWaitResults": h.asHost(h.waitResults),
		"host.subtask":         h.asHost(h.subtask),
		"host.subtask2":        h.asHost(h.subtask2),

		"host.newBuildRoot":        h.asHost(h.newRoot),
		"host.setBuildRootState":   h.asHost(h.setRootState),
		"host.setBuildRootList":    h.asHost(h.setRootList),
		"host.updateBuildRootList": h.asHost(h.updateRootList),
	}
}

// asHost finds the host that the caller is.
func (Builders) asHost(fn func(context.Context, *Call, *task.Host) (any, error)) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		host, err := task.HostOfUser(ctx, c.Tx, c.Actor.ID)
		if err != nil {
			return nil, err
		}
		return fn(ctx, c, host)
	}
}

func (Builders) id(_ context.Context, _ *Call, host *task.Host) (any, error) { return host.ID, nil }

func (Builders) host(_ context.Context, _ *Call, host *task.Host) (any, error) {
	return hostStruct(host), nil
}

func (Builders) enabled(_ context.Context, _ *Call, host *task.Host) (any, error) {
	return host.Enabled, nil
}

// update is the heartbeat: it keeps all that the host has open.
func (h Builders) update(ctx context.Context, c *Call, host *task.Host) (any, error) {
	load, ready, data := c.Args.OptDouble("task_load"), c.Args.Bool("ready"), c.Args.Map("data")
	if load == nil {
		c.Args.wrong("task_load", "double", nil)
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var text json.RawMessage
	if data != nil {
		var err error
		if text, err = toJSON(data); err != nil {
			return nil, err
		}
	}
	return nothing(h.Room.Alive(ctx, c.Tx, host.ID, ready, *load, text))
}

func (h Builders) setData(ctx context.Context, c *Call, host *task.Host) (any, error) {
	data := c.Args.Any("hostdata")
	if text, ok := data.(string); ok { // older builders send JSON
		v, err := fromJSON(json.RawMessage(text))
		if err != nil {
			return nil, kura.Errorf("koji.setHostData", kura.Invalid, "Host data is not JSON: %w", err)
		}
		data = v
	}
	if _, ok := data.(map[string]any); !ok {
		return nil, fault(parameterError, "Host data should be a dictionary")
	}
	text, err := toJSON(data)
	if err != nil {
		return nil, err
	}
	return nothing(h.Room.Alive(ctx, c.Tx, host.ID, host.Ready, host.TaskLoad, text))
}

func assignedStructs(tasks []*task.Task) []xmlrpc.Struct {
	rows := make([]xmlrpc.Struct, len(tasks))
	for i, t := range tasks {
		rows[i] = record("id", t.ID, "state", int(t.State), "channel_id", deref(t.ChannelID), "host_id", deref(t.HostID),
			"arch", t.Arch, "method", t.Method, "priority", t.Priority, "create_ts", TimeTS(t.CreateTime))
	}
	return rows
}

func (h Builders) tasks(ctx context.Context, c *Call, host *task.Host) (any, error) {
	got, err := h.Room.AssignedTo(ctx, c.Tx, host.ID)
	return assignedStructs(got), err
}

// loadData is what builders asked for before the hub scheduled. It assigns
// nothing: it reads.
func (Builders) loadData(ctx context.Context, c *Call, host *task.Host) (any, error) {
	channels, err := task.ListChannels(ctx, c.Tx, host.ID, 0, nil)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(channels))
	for i, ch := range channels {
		ids[i] = ch.ID
	}
	got, err := task.ListAssigned(ctx, c.Tx, host.ID)
	self := append(hostStruct(host), xmlrpc.Member{Name: "channels", Value: ids})
	return []any{[]xmlrpc.Struct{self}, assignedStructs(got)}, err
}

// open lists the host's open tasks; one that waits is to be woken when a child
// that it waits for is over.
func (Builders) open(ctx context.Context, c *Call, host *task.Host) (any, error) {
	mine, err := task.List(ctx, c.Tx, task.Filter{States: []task.State{task.Open},
		Host: []task.IDs{{Set: true, In: []int64{host.ID}}}, Order: "id"})
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(mine))
	for i, t := range mine {
		rows[i] = record("id", t.ID, "waiting", trueOrNil(t.Waiting), "weight", t.Weight)
		if !t.Waiting {
			continue
		}
		finished, _, err := task.Awaited(ctx, c.Tx, t.ID)
		if err != nil {
			return nil, err
		}
		if len(finished) > 0 {
			rows[i] = append(rows[i], xmlrpc.Member{Name: "alert", Value: true})
		}
	}
	return rows, nil
}

// openTask gives the task with its request as a document, or nil when the task
// is not this host's to open any more.
func (h Builders) openTask(ctx context.Context, c *Call, host *task.Host) (any, error) {
	id := c.Args.Int("task_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := h.Room.OpenTask(ctx, c.Tx, id, host.ID)
	if err != nil || t == nil {
		return nil, err
	}
	request, err := callXML(t)
	return append(taskStruct(t), xmlrpc.Member{Name: "request", Value: request}), err
}

// outcome reads the response document that a builder made of a result or a
// failure.
func outcome(c *Call) (result json.RawMessage, f *task.Fault, err error) {
	const op = "koji.closeTask"
	text, ok := c.Args.Any("response").(string)
	if p, isBytes := c.Args.Any("response").([]byte); isBytes {
		text, ok = string(p), true
	}
	if !ok {
		return nil, nil, kura.Errorf(op, kura.Invalid, "the response of a task is a document in a string, not %s", typeName(c.Args.Any("response")))
	}
	v, err := xmlrpc.DecodeResponse(strings.NewReader(text), xmlrpc.Limits{})
	var peer *xmlrpc.Fault
	if errors.As(err, &peer) {
		return nil, &task.Fault{Code: peer.Code, Message: peer.String}, nil
	}
	if err != nil {
		return nil, nil, kura.Errorf(op, kura.Invalid, "the response of the task cannot be read: %w", err)
	}
	result, err = toJSON(v)
	return result, nil, err
}

func (h Builders) closeTask(ctx context.Context, c *Call, host *task.Host) (any, error) {
	hold, err := holdOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	result, f, err := outcome(c)
	switch {
	case err != nil:
		return nil, err
	case f != nil: // a builder that closes with a failure has failed
		_, err = h.Room.Fail(ctx, c.Tx, hold, *f)
	default:
		_, err = h.Room.Finish(ctx, c.Tx, hold, result)
	}
	return nothing(err)
}

func (h Builders) failTask(ctx context.Context, c *Call, host *task.Host) (any, error) {
	hold, err := holdOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	_, f, err := outcome(c)
	if err != nil {
		return nil, err
	}
	if f == nil {
		f = &task.Fault{Message: "the builder reported a failure without saying why"}
	}
	_, err = h.Room.Fail(ctx, c.Tx, hold, *f)
	return nothing(err)
}

// holdOf is the host's hold on the task of the argument task_id.
func holdOf(ctx context.Context, c *Call, host *task.Host) (task.Hold, error) {
	id := c.Args.Int("task_id")
	if err := c.Args.Err(); err != nil {
		return task.Hold{}, err
	}
	return task.HoldOf(ctx, c.Tx, id, host.ID)
}

// freeTasks gives tasks back. Those that were taken from the host meanwhile are
// passed over.
func (h Builders) freeTasks(ctx context.Context, c *Call, host *task.Host) (any, error) {
	ids := c.Args.Ints("tasks")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		hold, err := task.HoldOf(ctx, c.Tx, id, host.ID)
		if kura.Is(err, kura.Denied) {
			continue
		}
		if err == nil {
			err = h.Room.Release(ctx, c.Tx, hold)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (h Builders) refuse(ctx context.Context, c *Call, host *task.Host) (any, error) {
	id, soft, msg := c.Args.Int("task_id"), c.Args.Bool("soft"), c.Args.String("msg")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, err := h.Room.RefuseTask(ctx, c.Tx, id, host.ID, soft, msg)
	return nothing(err)
}

func (h Builders) setWeight(ctx context.Context, c *Call, host *task.Host) (any, error) {
	weight := c.Args.OptDouble("weight")
	hold, err := holdOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	if weight == nil {
		return nil, kura.Errorf("koji.setTaskWeight", kura.Invalid, "Invalid type for argument weight: want double, got nil")
	}
	return nothing(h.Room.SetWeight(ctx, c.Tx, hold.Task, *weight))
}
