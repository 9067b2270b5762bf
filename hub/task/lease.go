package task

import (
	"context"
	"slices"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Term is how long a lease lasts without a heartbeat.
const Term = 60 * time.Second

// Offer is what a host can do now.
type Offer struct {
	Host     int64
	Methods  []string // nil: any
	Arches   []string // nil: those of its configuration; others of its configuration count only if they are here
	Emulated []string // those of Arches that it only emulates
	Free     float64  // capacity left by its own account, in weights; negative: not said
	Jobs     int      // tasks at once; 0: by its data or the room's default
	Term     time.Duration
}

// leaser is a host with all that decides what it may take.
type leaser struct {
	*Host
	arches   []string
	channels []int64
	load     float64
	jobs     int
}

func (l *leaser) serves(b bin, o *Offer) bool {
	return slices.Contains(l.channels, b.channel) &&
		(b.arch == "noarch" || slices.Contains(l.arches, b.arch)) &&
		(o.Methods == nil || slices.Contains(o.Methods, b.method))
}

// usable narrows the configured arches to the offered ones.
func usable(h *Host, o *Offer) []string {
	configured := h.ArchList()
	switch {
	case o.Arches == nil:
		return configured
	case h.Arches == nil:
		return o.Arches
	}
	return slices.DeleteFunc(slices.Clone(configured), func(a string) bool { return !slices.Contains(o.Arches, a) })
}

// loadLeaser reads a host and locks its row, so that two polls of one host
// cannot both fill its capacity.
func loadLeaser(ctx context.Context, tx *db.Tx, o *Offer) (*leaser, error) {
	var b db.Builder
	b.Add("SELECT id FROM host WHERE id = ?", o.Host).Lock(tx.LockRows())
	if _, err := db.Find(ctx, tx, db.Column[int64], &b); err != nil {
		return nil, err
	}
	h, err := GetHost(ctx, tx, Ref{ID: o.Host}, 0)
	if err != nil {
		return nil, err
	}
	l := &leaser{Host: h, arches: usable(h, o)}
	if !h.Enabled {
		return l, nil
	}
	l.channels, err = db.All(ctx, tx, db.Column[int64], `SELECT c.id FROM host_channels hc JOIN channels c ON c.id = hc.channel_id
		WHERE hc.host_id = $1 AND hc.revoke_event IS NULL AND c.enabled = TRUE`, o.Host)
	if err != nil {
		return nil, err
	}
	_, err = tx.Get(ctx, []any{&l.load, &l.jobs}, `SELECT COALESCE(sum(CASE WHEN waiting THEN 0 ELSE weight END), 0), count(*)
		FROM task WHERE state IN (1, 4) AND host_id = $1`, o.Host)
	return l, err
}

// limit is the weight below which the host may take a task, by Koji's rule:
// capacity - load > max(0, weight - overcommit). 0 means that it is full.
func (r *Room) limit(l *leaser, o *Offer) float64 {
	jobs := o.Jobs
	if jobs == 0 {
		jobs = r.MaxJobs
	}
	avail := l.Capacity - l.load
	if o.Free >= 0 {
		avail = min(avail, o.Free)
	}
	if !l.Enabled || l.jobs >= jobs || avail <= 0 {
		return 0
	}
	return avail + r.Overcommit
}

// Lease gives the host the task that it should do next, or nil: by priority,
// then to the share that runs least, then by age. The task is open from then
// on, and the host's for the offer's term.
func (r *Room) Lease(ctx context.Context, tx *db.Tx, o Offer) (*Task, error) {
	bins, err := freeBins(ctx, tx)
	if err != nil {
		return nil, kura.E("task.Lease", err)
	}
	t, _, err := r.take(ctx, tx, &o, bins, Open)
	return t, err
}

// take leases out of bins that were read before. busy tells that it passed
// over a task because another transaction has its row just now.
func (r *Room) take(ctx context.Context, tx *db.Tx, o *Offer, bins []bin, state State) (t *Task, busy bool, err error) {
	const op = "task.Lease"
	if len(bins) == 0 {
		return nil, false, nil
	}
	l, err := loadLeaser(ctx, tx, o)
	if err != nil {
		return nil, false, kura.E(op, err)
	}
	limit := r.limit(l, o)
	mine := slices.DeleteFunc(slices.Clone(bins), func(b bin) bool { return !l.serves(b, o) })
	if limit == 0 || len(mine) == 0 {
		return nil, false, nil
	}
	gs, err := groups(ctx, tx, mine)
	if err != nil {
		return nil, false, kura.E(op, err)
	}
	if err := rank(ctx, tx, gs); err != nil {
		return nil, false, kura.E(op, err)
	}
	for _, g := range gs {
		t, locked, err := r.claim(ctx, tx, o, g, limit, state)
		if err != nil {
			return nil, busy, kura.E(op, err)
		}
		if t != nil {
			return t, busy, r.leased(ctx, tx, t, l)
		}
		busy = busy || locked
	}
	return nil, busy, nil
}

// rank orders the groups; who runs how much is asked only where it matters.
func rank(ctx context.Context, tx *db.Tx, gs []group) error {
	var run map[int64]int
	for _, g := range gs {
		if g.share != gs[0].share {
			var err error
			if run, err = running(ctx, tx); err != nil {
				return err
			}
			break
		}
	}
	order(gs, run)
	return nil
}

// claim is the lease itself: one UPDATE, which passes over rows that another
// transaction has just now. locked tells that there was such a row.
func (r *Room) claim(ctx context.Context, tx *db.Tx, o *Offer, g group, limit float64, state State) (t *Task, locked bool, err error) {
	now := db.Now()
	term := o.Term
	if term == 0 {
		term = Term
	}
	var b db.Builder
	b.Add(`UPDATE task SET state = ?, host_id = ?, epoch = epoch + 1, runs = runs + 1, lease_until = ?,
		phase = NULL`, state, o.Host, now+term.Microseconds())
	if state == Open { // what is assigned starts when its host opens it
		b.Add(", start_time = ?", now)
	}
	b.Add(" WHERE state = 0 AND id = (")
	r.first(&b, o, g, limit, now)
	b.Lock(tx.SkipLocked()).Add(") RETURNING " + columns)
	got, err := db.Find(ctx, tx, scanTask, &b)
	if err != nil {
		return nil, false, err
	}
	if len(got) == 1 {
		return got[0], false, nil
	}
	var any db.Builder
	r.first(&any, o, g, limit, now)
	rows, err := db.Find(ctx, tx, db.Column[int64], &any)
	return nil, len(rows) > 0, err
}

// first selects the group's first task that the host may take.
func (r *Room) first(b *db.Builder, o *Offer, g group, limit float64, now int64) {
	b.Add(`SELECT n.id FROM task n
		WHERE n.state = 0 AND n.hub = FALSE AND n.channel_id = ? AND n.arch = ? AND n.method = ?
			AND n.priority = ? AND n.share = ? AND n.not_before <= ? AND n.weight < ?
			AND NOT EXISTS (SELECT 1 FROM task_refusals f
				WHERE f.task_id = n.id AND f.host_id = ? AND (f.soft = FALSE OR f.time > ?))
		ORDER BY n.id LIMIT 1`,
		g.channel, g.arch, g.method, g.priority, g.share, now, limit, o.Host, now-r.SoftFor.Microseconds())
}

// leased records a lease.
func (r *Room) leased(ctx context.Context, tx *db.Tx, t *Task, l *leaser) error {
	if err := startRun(ctx, tx, t.ID, l.ID); err != nil {
		return kura.E("task.Lease", err)
	}
	return kura.E("task.Lease", changed(ctx, tx, t, Free.String()))
}
