package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/client"
)

// node is a task in a tree, with the lines that lead to it.
type node struct {
	client.Task
	branch string // "├ ", "│ └ " …
}

// layout puts tasks, which come parents first, into tree order.
func layout(tasks []client.Task) []node {
	known := map[int64]bool{}
	for _, t := range tasks {
		known[t.ID] = true
	}
	children := map[int64][]client.Task{}
	var roots []client.Task
	for _, t := range tasks {
		if t.Parent != 0 && known[t.Parent] && t.Parent != t.ID {
			children[t.Parent] = append(children[t.Parent], t)
		} else {
			roots = append(roots, t)
		}
	}
	var out []node
	var grow func(t client.Task, branch, below string)
	grow = func(t client.Task, branch, below string) {
		out = append(out, node{t, branch})
		list := children[t.ID]
		delete(children, t.ID)
		for i, c := range list {
			if i == len(list)-1 {
				grow(c, below+"└ ", below+"  ")
			} else {
				grow(c, below+"├ ", below+"│ ")
			}
		}
	}
	for _, t := range roots {
		grow(t, "", "")
	}
	return out
}

// ruler holds the widths of a tree's columns. They only grow while a tree is
// watched, so that columns do not jump.
type ruler struct{ id, name, subject, arch, state int }

const maxSubject = 48

func (r *ruler) fit(nodes []node) {
	for _, n := range nodes {
		r.id = max(r.id, len(strconv.FormatInt(n.ID, 10)))
		r.name = max(r.name, width(n.branch)+width(clean(n.Method)))
		r.subject = max(r.subject, min(width(clean(n.Subject())), maxSubject))
		r.arch = max(r.arch, width(clean(n.Arch)))
		r.state = max(r.state, width(stateText(&n.Task)))
	}
}

// stateText is the state, with the phase of what is under way.
func stateText(t *client.Task) string {
	switch {
	case t.State == client.TaskOpen && t.Phase != "":
		return clean(t.Phase)
	case t.State == client.TaskOpen && t.Waiting:
		return "waiting"
	}
	return t.State.String()
}

// least is what is left of subjects in a narrow window, before the ends of
// lines are cut.
const least = 8

// line shows a task; note is said at its end.
func (r *ruler) line(n *node, now time.Time, note string, cols int) line {
	wide := min(r.subject, max(cols-r.id-r.name-r.arch-r.state-17, least))
	subject, _ := cut(clean(n.Subject()), wide)
	s := taskTint(n.State).shade
	if n.Waiting && n.State == client.TaskOpen {
		s = plain
	}
	return line{
		{fmt.Sprintf("%*d  ", r.id, n.ID), gray},
		{pad(n.branch+clean(n.Method), r.name) + "  ", plain},
		{pad(subject, wide) + "  ", plain},
		{pad(clean(n.Arch), r.arch) + "  ", plain},
		{pad(stateText(&n.Task), r.state), s},
		{fmt.Sprintf("  %7s", span(n.Elapsed(now))), plain},
		{after(note), gray},
	}
}

func after(note string) string {
	if note == "" {
		return ""
	}
	return "  " + clean(note)
}

// shorten leaves out finished tasks, the oldest first, until a tree fits into
// the room there is.
func shorten(nodes []node, room int) (shown []node, hidden int) {
	shown = slices.Clone(nodes)
	for i := 0; len(shown) > room && i < len(shown); {
		n := shown[i]
		if n.State.Done() && n.State != client.TaskFailed && n.branch != "" {
			shown = slices.Delete(shown, i, i+1)
			hidden++
			continue
		}
		i++
	}
	if len(shown) > room {
		hidden += len(shown) - room
		shown = shown[:room]
	}
	return shown, hidden
}

// tally counts tasks by state for the last line.
func tally(tasks []client.Task, hidden int, elapsed time.Duration) string {
	var free, open, done, bad int
	for _, t := range tasks {
		switch {
		case t.State == client.TaskClosed:
			done++
		case t.State.Done():
			bad++
		case t.State == client.TaskOpen || t.State == client.TaskAssigned:
			open++
		default:
			free++
		}
	}
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(free, "free")
	add(open, "open")
	add(done, "closed")
	add(bad, "failed")
	add(hidden, "not shown")
	parts = append(parts, span(elapsed))
	return strings.Join(parts, " · ")
}
