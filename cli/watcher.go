package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

// watcher follows tasks to their end: on a terminal as a tree that is drawn
// in place, elsewhere as a line for each change.
type watcher struct {
	app    *app
	hub    *client.Hub
	ids    []int64
	screen *screen // nil: plain lines
	ruler  ruler
	begun  time.Time

	seen    map[int64]string // state that was told of a task, without a screen
	notes   map[int64]string // why tasks wait
	asked   time.Time        // when that was asked
	noWhy   bool             // the hub cannot say
	verdict []client.Task    // the last look
}

// follow watches tasks until all have ended, and gives an error if one did not
// end well.
func (a *app) follow(ctx context.Context, h *client.Hub, ids ...int64) error {
	w := &watcher{app: a, hub: h, ids: ids, begun: a.Now(), seen: map[int64]string{}, notes: map[int64]string{}}
	if _, _, ok := a.Size(a.Out); ok && !a.json && !a.quiet {
		w.screen = &screen{w: a.Out, color: a.color(a.Out), size: func() (int, int) {
			cols, rows, ok := a.Size(a.Out)
			if !ok {
				return 80, 24
			}
			return cols, rows
		}}
	}
	err := w.run(ctx)
	if kura.Is(err, kura.Canceled) || ctx.Err() != nil {
		if !a.json {
			fmt.Fprintf(a.Err, "The hub goes on without you; look again with: kura watch %s\n", strings.ReplaceAll(joinIDs(ids), ",", ""))
		}
		return context.Canceled
	}
	if err != nil {
		return err
	}
	return w.end(ctx)
}

func (w *watcher) run(ctx context.Context) error {
	for {
		tasks, err := w.hub.Trees(ctx, w.ids...)
		if err != nil {
			return err
		}
		w.verdict = tasks
		w.reasons(ctx, tasks)
		w.tell(tasks)
		if w.ended(tasks) {
			return nil
		}
		if err := w.app.Sleep(ctx, w.pace()); err != nil {
			return err
		}
	}
}

// pace is quick at first, when much happens, and spares the hub later. It
// stays under what makes elapsed seconds jump.
func (w *watcher) pace() time.Duration {
	if w.app.Now().Sub(w.begun) < time.Minute {
		return 500 * time.Millisecond
	}
	return time.Second
}

func (w *watcher) ended(tasks []client.Task) bool {
	for _, t := range tasks {
		for _, id := range w.ids {
			if t.ID == id && !t.State.Done() {
				return false
			}
		}
	}
	return true
}

// reasons asks why tasks wait that have waited for a while.
func (w *watcher) reasons(ctx context.Context, tasks []client.Task) {
	now := w.app.Now()
	if w.noWhy || now.Sub(w.asked) < 5*time.Second {
		return
	}
	w.asked = now
	clear(w.notes)
	for _, t := range tasks {
		if t.State != client.TaskFree || now.Sub(t.Created) < 2*time.Second {
			continue
		}
		v, err := w.hub.Call(ctx, "kura.whyWaiting", t.ID)
		if err != nil {
			w.noWhy = client.Code(err) != 0 // another kind of hub
			return
		}
		w.notes[t.ID] = waitText(client.AsMap(v))
	}
}

// note says why a task waits, as long as it does.
func (w *watcher) note(t *client.Task) string {
	if t.State != client.TaskFree {
		return ""
	}
	return w.notes[t.ID]
}

// waitText says why a task waits, from kura.whyWaiting.
func waitText(m client.Map) string {
	parts := []string{m.Str("reason")}
	if p := m.Int("place"); p > 0 {
		parts = append(parts, fmt.Sprintf("place %d", p))
	}
	if e := m.Float("estimate"); e > 0 {
		parts = append(parts, "about "+span(time.Duration(e*float64(time.Second))))
	}
	return strings.TrimPrefix(strings.Join(parts, ", "), ", ")
}

func (w *watcher) tell(tasks []client.Task) {
	nodes := layout(tasks)
	if w.screen == nil {
		w.lines(nodes)
		return
	}
	now := w.app.Now()
	w.ruler.fit(nodes)
	shown, hidden := shorten(nodes, w.screen.room()-1)
	cols, _ := w.screen.size()
	lines := make([]line, 0, len(shown)+1)
	for i := range shown {
		lines = append(lines, w.ruler.line(&shown[i], now, w.note(&shown[i].Task), cols))
	}
	lines = append(lines, line{{tally(tasks, hidden, now.Sub(w.begun)), gray}})
	w.screen.draw(lines)
}

// lines tells what has changed.
func (w *watcher) lines(nodes []node) {
	if w.app.json || w.app.quiet {
		return
	}
	for _, n := range nodes {
		state := stateText(&n.Task)
		if note := w.note(&n.Task); note != "" {
			state += " (" + clean(note) + ")"
		}
		if w.seen[n.ID] == state {
			continue
		}
		w.seen[n.ID] = state
		fmt.Fprintf(w.app.Out, "%s  %s: %s\n", w.app.Now().In(w.app.Zone).Format(time.TimeOnly), title(&n.Task), state)
	}
}

// title names a task: number, method, arch and subject.
func title(t *client.Task) string {
	text := fmt.Sprintf("%d %s", t.ID, clean(t.Method))
	if t.Arch != "" && t.Arch != "noarch" {
		text += " " + clean(t.Arch)
	}
	if s := clean(t.Subject()); s != "" {
		text += " (" + s + ")"
	}
	return text
}

// end says how it went: for what failed, where and why.
func (w *watcher) end(ctx context.Context) error {
	var bad []int64
	for _, t := range w.verdict {
		for _, id := range w.ids {
			if t.ID == id && t.State != client.TaskClosed {
				bad = append(bad, id)
			}
		}
	}
	causes := culprits(w.verdict)
	reports := make([]any, 0, len(causes))
	for _, t := range causes {
		f, err := w.hub.Failure(ctx, t.ID)
		if err != nil {
			return err
		}
		if f == nil {
			f = &client.Failure{Text: "the hub does not say why"}
		}
		explain(ctx, w.hub, t.ID, f)
		reports = append(reports, map[string]any{"task": t.ID, "method": t.Method, "arch": t.Arch, "state": t.State.String(),
			"fault": f.Code, "failure": failureText(f), "cause": f.Cause, "log": f.Log})
		if !w.app.json {
			w.report(&t, f)
		}
	}
	if w.app.json {
		if err := w.json(reports); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return &failedTasks{bad}
	}
	return w.fruits(ctx)
}

// fruits says what came of builds.
func (w *watcher) fruits(ctx context.Context) error {
	if w.app.json || w.app.quiet {
		return nil
	}
	var ids []int64
	var calls []client.Invocation
	for _, t := range w.verdict {
		if t.Method == "build" {
			ids = append(ids, t.ID)
			calls = append(calls, client.Do("listBuilds", client.Keywords{"taskID": t.ID}))
		}
	}
	out, err := w.hub.Multi(ctx, calls...)
	if err != nil {
		return err
	}
	for i, o := range out {
		list := client.AsMaps(o.Value)
		if len(list) == 0 { // a scratch build
			fmt.Fprintf(w.app.Out, "\nbuilt; fetch it with: kura download %d\n", ids[i])
		}
		for _, m := range list {
			b := client.BuildOf(m)
			fmt.Fprintf(w.app.Out, "\nbuilt %s%s\n", clean(b.NVR), w.app.page(w.hub, "buildinfo?buildID=%d", b.ID))
		}
	}
	return nil
}

func (w *watcher) json(failures []any) error {
	tasks := make([]any, len(w.verdict))
	for i, t := range w.verdict {
		tasks[i] = map[string]any(t.Fields)
	}
	return w.app.writeJSON(map[string]any{"tasks": tasks, "failures": failures})
}

func (w *watcher) report(t *client.Task, f *client.Failure) {
	verb := taskTint(t.State)
	if w.app.color(w.app.Out) {
		verb.text = verb.shade.wrap(verb.text)
	}
	fmt.Fprintf(w.app.Out, "\n%s %s\n", title(t), verb.text)
	if t.State == client.TaskCanceled {
		return
	}
	fmt.Fprintf(w.app.Out, "  %s\n", clean(failureText(f)))
	if f.Cause != "" && !strings.Contains(f.Text, f.Cause) {
		fmt.Fprintf(w.app.Out, "  %s\n", clean(f.Cause))
	}
	if f.Log != "" {
		fmt.Fprintf(w.app.Out, "  The whole log: kura logs %d %s\n", t.ID, clean(f.Log))
	}
}

// culprits gives the tasks that failed by themselves, not by their children's
// failure; if there are none, those that were canceled.
func culprits(tasks []client.Task) []client.Task {
	failedChild := map[int64]bool{}
	for _, t := range tasks {
		if t.State == client.TaskFailed {
			failedChild[t.Parent] = true
		}
	}
	var failed, canceled []client.Task
	for _, t := range tasks {
		switch {
		case t.State == client.TaskFailed && !failedChild[t.ID]:
			failed = append(failed, t)
		case t.State == client.TaskCanceled:
			canceled = append(canceled, t)
		}
	}
	if len(failed) == 0 && len(canceled) > 0 {
		return canceled[:1]
	}
	return failed
}
