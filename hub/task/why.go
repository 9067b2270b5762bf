package task

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Why says why a task waits.
type Why struct {
	Reason string        // one sentence
	Code   string        // not waiting, pause, children, hub, no host, not ready, disabled, refused, method, too heavy, full, next
	Place  int           // in front of it are so many minus one; 0 when that means nothing
	Start  time.Duration // estimate until it begins; negative: not known
	Took   time.Duration // what such tasks took lately; 0: not known
	Hosts  []Verdict     // of the task's channel, by name
}

// Verdict says what one host has against a task; empty Against: nothing.
type Verdict struct {
	Host    string
	Against string
}

// codes of what hosts have against a task, from the most to the least lasting;
// the reason is the least lasting that some host has.
var codes = []string{"arch", "disabled", "refused", "too heavy", "method", "not ready", "full", ""}

// WhyWaiting says why a task waits, its place and its estimate.
func (r *Room) WhyWaiting(ctx context.Context, tx *db.Tx, id int64) (*Why, error) {
	const op = "task.WhyWaiting"
	t, err := Get(ctx, tx, id)
	if err != nil {
		return nil, kura.E(op, err)
	}
	w := &Why{Start: -1}
	if w.Took, err = usual(ctx, tx, t); err != nil {
		return nil, kura.E(op, err)
	}
	var until int64
	if _, err := tx.Get(ctx, []any{&until}, "SELECT not_before FROM task WHERE id = $1", id); err != nil {
		return nil, kura.E(op, err)
	}
	switch {
	case t.Waiting:
		return w, kura.E(op, r.whyChildren(ctx, tx, t, w))
	case t.State != Free && !(t.Hub && t.State == Open && t.LeaseUntil == nil):
		w.Code, w.Reason = "not waiting", "It does not wait: it is "+t.State.String()+"."
		return w, nil
	case until > db.Now():
		w.Code, w.Start = "pause", time.Duration(until-db.Now())*time.Microsecond
		w.Reason = fmt.Sprintf("Its last attempt ended without a result; it is tried again in %s.", w.Start.Round(time.Second))
		return w, nil
	case t.Hub:
		w.Code, w.Reason = "hub", "It waits for a hub to run it; all of them are busy or away."
		return w, nil
	}
	return w, kura.E(op, r.whyHosts(ctx, tx, t, w))
}

func (r *Room) whyChildren(ctx context.Context, tx *db.Tx, t *Task, w *Why) error {
	_, open, err := Awaited(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	names := make([]string, len(open))
	for i, id := range open {
		c, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		names[i] = c.title()
	}
	w.Code, w.Reason = "children", "It waits for its children: "+strings.Join(names, ", ")+"."
	return nil
}

// usual is the middle of how long the last tasks of its kind took.
func usual(ctx context.Context, tx *db.Tx, t *Task) (time.Duration, error) {
	got, err := db.All(ctx, tx, db.Column[int64], `SELECT completion_time - start_time FROM task
		WHERE state = 2 AND method = $1 AND arch = $2 AND start_time IS NOT NULL AND completion_time IS NOT NULL
		ORDER BY id DESC LIMIT 20`, t.Method, t.Arch)
	if err != nil || len(got) == 0 {
		return 0, err
	}
	slices.Sort(got)
	return time.Duration(got[len(got)/2]) * time.Microsecond, nil
}

func (r *Room) whyHosts(ctx context.Context, tx *db.Tx, t *Task, w *Why) error {
	c, err := GetChannel(ctx, tx, Ref{ID: *t.ChannelID})
	if err != nil {
		return err
	}
	if !c.Enabled {
		w.Code, w.Reason = "disabled", fmt.Sprintf("Channel %s is disabled.", c.Name)
		return nil
	}
	hosts, err := ListHosts(ctx, tx, HostFilter{Channel: &Ref{ID: c.ID}})
	if err != nil {
		return err
	}
	refused, err := r.refusals(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	best, slots := -1, 0
	for _, h := range hosts {
		code, words, n, err := r.against(ctx, tx, t, h, refused)
		if err != nil {
			return err
		}
		w.Hosts = append(w.Hosts, Verdict{h.Name, words})
		best, slots = max(best, slices.Index(codes, code)), slots+n
	}
	slices.SortFunc(w.Hosts, func(a, b Verdict) int { return strings.Compare(a.Host, b.Host) })
	if best <= 0 {
		w.Code, w.Reason = "no host", fmt.Sprintf("No host in channel %s does %s.", c.Name, t.Arch)
		return nil
	}
	if err := place(ctx, tx, t, w); err != nil {
		return err
	}
	w.Code = codes[best]
	switch w.Code {
	case "":
		w.Code, w.Reason = "next", fmt.Sprintf("A host has room for it; it is number %d in line.", w.Place)
	case "disabled":
		w.Reason = fmt.Sprintf("All hosts in channel %s that do %s are disabled.", c.Name, t.Arch)
	case "refused":
		w.Reason = "All hosts that could do it have refused it."
	case "too heavy":
		w.Reason = fmt.Sprintf("Its weight of %g is more than any host's capacity allows.", t.Weight)
	case "method":
		w.Reason = fmt.Sprintf("No host in channel %s that does %s offers %s.", c.Name, t.Arch, t.Method)
	case "not ready":
		w.Reason = "The hosts that could do it are not ready, or have not called for a while."
	case "full":
		w.Reason = fmt.Sprintf("All hosts that can do it are full; it is number %d in line.", w.Place)
	}
	if w.Code == "full" || w.Code == "next" {
		w.Start = estimate(w, slots)
	} else {
		w.Place = 0
	}
	return nil
}

// estimate reckons that the hosts' slots become free evenly.
func estimate(w *Why, slots int) time.Duration {
	if w.Code == "next" && w.Place <= 1 {
		return 0
	}
	if w.Took == 0 || slots == 0 {
		return -1
	}
	return w.Took * time.Duration(w.Place) / time.Duration(slots)
}

func (r *Room) refusals(ctx context.Context, tx *db.Tx, id int64) (map[int64]Refusal, error) {
	rows, err := Refusals(ctx, tx, Of{Task: id})
	out := map[int64]Refusal{}
	for _, f := range rows {
		if !f.Soft || f.Time > db.Now()-r.SoftFor.Microseconds() {
			out[f.Host] = f
		}
	}
	return out, err
}

// silent is how long a host may not call before it counts as away.
const silent = 3 * time.Minute

// against says what a host has against a task, and how many of the kind it can
// do at once.
func (r *Room) against(ctx context.Context, tx *db.Tx, t *Task, h *Host, refused map[int64]Refusal) (code, words string, slots int, err error) {
	if t.Arch != "noarch" && !slices.Contains(h.ArchList(), t.Arch) {
		return "arch", "does not do " + t.Arch, 0, nil
	}
	if !h.Enabled {
		return "disabled", "is disabled", 0, nil
	}
	if f, ok := refused[h.ID]; ok {
		words = "refused it"
		if f.Msg != nil && *f.Msg != "" {
			words += ": " + *f.Msg
		}
		return "refused", words, 0, nil
	}
	if h.Capacity <= max(0, t.Weight-r.Overcommit) {
		return "too heavy", fmt.Sprintf("has a capacity of %g, too little for a weight of %g", h.Capacity, t.Weight), 0, nil
	}
	if m := methodsOf(h); m != nil && !slices.Contains(m, t.Method) {
		return "method", "does not offer " + t.Method, 0, nil
	}
	slots = max(1, int(h.Capacity/max(t.Weight, 0.1)))
	if !h.Ready || h.UpdateTime == nil || *h.UpdateTime < db.Now()-silent.Microseconds() {
		return "not ready", "is not ready, or has not called for a while", 0, nil
	}
	var load float64
	var jobs int
	_, err = tx.Get(ctx, []any{&load, &jobs}, `SELECT COALESCE(sum(CASE WHEN waiting THEN 0 ELSE weight END), 0), count(*)
		FROM task WHERE state IN (1, 4) AND host_id = $1`, h.ID)
	if err != nil {
		return "", "", 0, err
	}
	if h.Capacity-load <= max(0, t.Weight-r.Overcommit) {
		return "full", fmt.Sprintf("is full: %g of %g", load, h.Capacity), slots, nil
	}
	return "", "", slots, nil
}

// methodsOf gives the methods that a host last offered; nil: it did not say.
func methodsOf(h *Host) []string {
	var said struct {
		Methods []string `json:"methods"`
	}
	if h.Data == nil || json.Unmarshal(h.Data, &said) != nil {
		return nil
	}
	return said.Methods
}

// place counts what comes before a task in its channel and arch.
func place(ctx context.Context, tx *db.Tx, t *Task, w *Why) error {
	_, err := tx.Get(ctx, []any{&w.Place}, `SELECT count(*) + 1 FROM task
		WHERE state = 0 AND hub = FALSE AND channel_id = $1 AND arch = $2 AND (priority, id) < ($3, $4)`,
		t.ChannelID, t.Arch, t.Priority, t.ID)
	return err
}
