package koji

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

// Tasks carries out what concerns tasks and what they put out.
type Tasks struct {
	Room  *task.Room
	Blobs blob.Store
	Hub   map[string]bool // methods of tasks that hubs run themselves
}

// Handlers are the methods.
func (h Tasks) Handlers() Handlers {
	return Handlers{
		"getTaskInfo":        h.info,
		"getTaskRequest":     h.request,
		"getTaskResult":      h.result,
		"getTaskChildren":    h.children,
		"getTaskDescendents": h.descendents,
		"taskFinished":       h.finished,
		"listTasks":          h.list,
		"listTaskOutput":     h.listOutput,
		"downloadTaskOutput": h.download,
		"cancelTask":         h.cancel,
		"cancelTaskFull":     h.cancelFull,
		"cancelTaskChildren": h.cancelChildren,
		"setTaskPriority":    h.setPriority,
		"freeTask":           h.free,
		"resubmitTask":       h.resubmit,
		"makeTask":           h.make,
		"restartHosts":       h.restartHosts,
		"assignTask":         h.assign,
	}
}

// taskStruct is how Koji shows a task.
func taskStruct(t *task.Task) xmlrpc.Struct {
	start, completion := moment(t.StartTime), moment(t.CompletionTime)
	return record("id", t.ID, "state", int(t.State),
		"create_time", TimeText(t.CreateTime), "create_ts", TimeTS(t.CreateTime),
		"start_time", TimeText(start), "start_ts", TimeTS(start),
		"completion_time", TimeText(completion), "completion_ts", TimeTS(completion),
		"channel_id", deref(t.ChannelID), "host_id", deref(t.HostID),
		"parent", deref(t.Parent), "label", deref(t.Label),
		"waiting", trueOrNil(t.Waiting), "awaited", trueOrNil(t.Awaited), "owner", deref(t.Owner),
		"method", t.Method, "arch", t.Arch, "priority", t.Priority, "weight", t.Weight,
		"phase", t.Phase) // kura's own: how far a build is
}

// trueOrNil is a mark that Koji's hub leaves empty until somebody sets it.
func trueOrNil(b bool) any {
	if b {
		return true
	}
	return nil
}

// taskWith is taskStruct with the parameters if they are wanted.
func taskWith(t *task.Task, request bool) (xmlrpc.Struct, error) {
	s := taskStruct(t)
	if !request {
		return s, nil
	}
	params, err := requestOf(t.Method, t.Request)
	return append(s, xmlrpc.Member{Name: "request", Value: params}), err
}

func (Tasks) info(ctx context.Context, c *Call) (any, error) {
	ids, request, strict := c.Args.Ints("task_id"), c.Args.Bool("request"), c.Args.Bool("strict")
	if _, one := c.Args.Any("task_id").(string); one {
		ids = []int64{c.Args.Int("task_id")}
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	out := make([]any, len(ids))
	for i, id := range ids {
		t, err := task.Get(ctx, c.Tx, id)
		var s xmlrpc.Struct
		if err == nil {
			s, err = taskWith(t, request)
		}
		if out[i], err = lookedUp(strict, s, err); err != nil {
			return nil, err
		}
	}
	if _, many := c.Args.Any("task_id").([]any); many {
		return out, nil
	}
	if len(out) == 0 {
		return nil, kura.Errorf("koji.getTaskInfo", kura.Invalid, "Invalid type for argument task_id: want int, got nil")
	}
	return out[0], nil
}

// taskArg is the task that an argument names.
func taskArg(ctx context.Context, c *Call, name string) (*task.Task, error) {
	id := c.Args.Int(name)
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return task.Get(ctx, c.Tx, id)
}

func (Tasks) request(ctx context.Context, c *Call) (any, error) {
	t, err := taskArg(ctx, c, "taskId")
	if err != nil {
		return nil, err
	}
	return requestOf(t.Method, t.Request)
}

// result gives what the task left. The fault of a failed one becomes the fault
// of the call, unless the client wants it as a struct.
func (Tasks) result(ctx context.Context, c *Call) (any, error) {
	id, raise := c.Args.Int("taskId"), c.Args.Bool("raise_fault")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return taskResult(ctx, c.Tx, id, raise)
}

func taskResult(ctx context.Context, tx *db.Tx, id int64, raise bool) (any, error) {
	result, f, err := task.Result(ctx, tx, id)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return fromJSON(result)
	case raise:
		return nil, taskFault(f)
	}
	return faultStruct(taskFault(f)), nil
}

func faultStruct(f *xmlrpc.Fault) xmlrpc.Struct {
	return record("faultCode", f.Code, "faultString", f.String)
}

// taskFault is a task's failure in the words that clients print: where it
// happened, what failed, and the first line that caused it with its place.
func taskFault(f *task.Fault) *xmlrpc.Fault {
	code := f.Code
	if code == 0 {
		code = genericError
		if f.Phase != "" {
			code = buildError // something was being built: clients look for that
		}
		for kind, n := range faultCodes {
			if kind != kura.Other && kind.String() == f.Kind {
				code = n
			}
		}
	}
	text := f.Message
	if f.Phase != "" {
		text = f.Phase + ": " + text
	}
	if f.Cause != "" && !strings.Contains(text, f.Cause) { // most messages end with it
		text += "; " + f.Cause
	}
	if f.Log != "" {
		text += "; see " + f.Log
		if f.Line > 0 {
			text += " line " + strconv.Itoa(f.Line)
		}
	}
	return &xmlrpc.Fault{Code: code, String: text}
}

func taskList(tasks []*task.Task, request bool) ([]xmlrpc.Struct, error) {
	out := make([]xmlrpc.Struct, len(tasks))
	var errs []error
	for i, t := range tasks {
		var err error
		if out[i], err = taskWith(t, request); err != nil {
			errs = append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}

func (Tasks) children(ctx context.Context, c *Call) (any, error) {
	id, request, strict := c.Args.Int("task_id"), c.Args.Bool("request"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if strict {
		if _, err := task.Get(ctx, c.Tx, id); err != nil {
			return nil, err
		}
	}
	kids, err := task.Children(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	return taskList(kids, request)
}

// descendents are listed by their parent, whose id is a string: XML-RPC has no
// other names.
func (Tasks) descendents(ctx context.Context, c *Call) (any, error) {
	id, request := c.Args.Int("task_id"), c.Args.Bool("request")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	all, err := task.Descendents(ctx, c.Tx, id)
	out := map[string]any{}
	for parent, kids := range all {
		list, e := taskList(kids, request)
		out[strconv.FormatInt(parent, 10)] = list
		err = errors.Join(err, e)
	}
	return out, err
}

func (Tasks) finished(ctx context.Context, c *Call) (any, error) {
	t, err := taskArg(ctx, c, "taskId")
	if err != nil {
		return nil, err
	}
	return t.State.Finished(), nil
}

// callXML and responseXML spell a request and an outcome as Koji keeps them:
// clients that do not ask for decoding get these documents.
func callXML(t *task.Task) (string, error) {
	params, err := requestOf(t.Method, t.Request)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = xmlrpc.EncodeCall(&b, t.Method, params...)
	return b.String(), err
}

func responseXML(l *task.Listed) (any, error) {
	var b bytes.Buffer
	switch {
	case l.Fault != nil:
		err := xmlrpc.EncodeFault(&b, taskFault(l.Fault))
		return b.String(), err
	case l.Result == nil:
		return nil, nil
	}
	v, err := fromJSON(l.Result)
	if err == nil {
		err = xmlrpc.EncodeResponse(&b, v)
	}
	return b.String(), err
}

func (h Tasks) cancel(ctx context.Context, c *Call) (any, error) {
	id, recurse := c.Args.Int("task_id"), c.Args.Bool("recurse")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := task.MayCancel(ctx, c.Tx, c.Actor, id); err != nil {
		return nil, err
	}
	_, _, err := h.Room.Cancel(ctx, c.Tx, id, recurse)
	return nothing(err)
}

func (h Tasks) cancelFull(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.Int("task_id"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, err := h.Room.CancelFull(ctx, c.Tx, id, strict)
	return nothing(err)
}

func (h Tasks) cancelChildren(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("task_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := task.MayCancel(ctx, c.Tx, c.Actor, id); err != nil {
		return nil, err
	}
	_, err := h.Room.CancelChildren(ctx, c.Tx, id)
	return nothing(err)
}

func (h Tasks) setPriority(ctx context.Context, c *Call) (any, error) {
	id, priority, recurse := c.Args.Int("task_id"), c.Args.Int("priority"), c.Args.Bool("recurse")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Room.SetPriority(ctx, c.Tx, id, int(priority), recurse))
}

func (h Tasks) free(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("task_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Room.Free(ctx, c.Tx, id))
}

// assign gives a task to a host by hand.
func (h Tasks) assign(ctx context.Context, c *Call) (any, error) {
	id, host := c.Args.Int("task_id"), task.Ref(c.Args.Ref("host"))
	force, override := c.Args.Bool("force"), c.Args.Bool("override")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return h.Room.AssignTo(ctx, c.Tx, id, host, force, override)
}

func (h Tasks) resubmit(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("taskID")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := h.Room.Resubmit(ctx, c.Tx, c.Actor, id)
	if kura.Is(err, kura.Denied) {
		return nil, fault(genericError, "%s", worded("resubmitTask", err.Error())) // as Koji's clients know it
	}
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}
