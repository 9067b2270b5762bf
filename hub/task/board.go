package task

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Board is where hosts wait for work: a hub's end of their long polls. When
// tasks come free it looks once for all who wait, and gives tasks to the least
// loaded first. So a hundred waiting hosts cost what one costs, and nobody
// polls the database.
type Board struct {
	room *Room
	db   *db.DB
	log  *slog.Logger
	kick chan struct{}

	mu      sync.Mutex
	waiters []*waiter
	round   int64 // of waking: a waiter tries once in each
}

type waiter struct {
	Offer
	load  float64
	since time.Time
	tried int64      // the round in which nothing was found for it
	gone  bool       // it left while a pass had it
	got   chan *Task // buffered: the pass never waits
}

// NewBoard makes a board. Run must run for leases to be given.
func NewBoard(r *Room, d *db.DB, log *slog.Logger) *Board {
	return &Board{room: r, db: d, log: log, kick: make(chan struct{}, 1)}
}

// tick covers lost signals and pauses that pass.
const tick = 5 * time.Second

// Run gives out tasks until ctx ends.
func (b *Board) Run(ctx context.Context) error {
	stop, err := b.room.listen(TopicFree, b.Wake)
	if err != nil {
		return kura.E("task.Board", err)
	}
	defer stop()
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.kick:
		case <-t.C:
			b.Wake()
			continue
		}
		for {
			more, err := b.pass(ctx)
			if err != nil && ctx.Err() == nil {
				b.log.Warn("give out tasks", "err", err)
			}
			if !more || err != nil {
				break
			}
		}
	}
}

// Wake has the board look for all who wait.
func (b *Board) Wake() {
	b.mu.Lock()
	b.round++
	b.mu.Unlock()
	b.look()
}

func (b *Board) look() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// Waiting tells how many hosts wait.
func (b *Board) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiters)
}

// Lease waits for a task for the offer, until ctx ends or for as long as wait;
// nil is that
// none came. load is the host's, which puts it in its place among
// the others that wait.
func (b *Board) Lease(ctx context.Context, o Offer, load float64, wait time.Duration) (*Task, error) {
	if wait <= 0 { // asks, but does not wait
		var t *Task
		err := b.db.Update(ctx, func(tx *db.Tx) (err error) {
			t, err = b.room.Lease(ctx, tx, o)
			return err
		})
		return t, err
	}
	w := &waiter{Offer: o, load: load, since: time.Now(), tried: -1, got: make(chan *Task, 1)}
	b.mu.Lock()
	b.waiters = append(b.waiters, w)
	b.mu.Unlock()
	b.look()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case t := <-w.got:
		return t, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	b.leave(w)
	// A pass may be at it just now. Who is still there takes what it finds; for
	// one who left it goes back.
	t := <-w.got
	if t == nil || ctx.Err() == nil {
		return t, nil
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := b.db.Update(back, func(tx *db.Tx) error { return b.room.Release(back, tx, hold(t)) })
	if err != nil {
		b.log.Warn("take back a lease whose host has gone", "task", t.ID, "err", err)
	}
	return nil, ctx.Err()
}

func hold(t *Task) Hold {
	h := Hold{Task: t.ID, Epoch: t.Epoch}
	if t.HostID != nil {
		h.Host = *t.HostID
	}
	return h
}

// leave takes a waiter off the board; its channel gets nil, at once or from
// the pass that has it.
func (b *Board) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.gone = true
	if i := slices.Index(b.waiters, w); i >= 0 {
		b.waiters = slices.Delete(b.waiters, i, i+1)
		w.got <- nil
	}
}

// again is when to look once more for a task whose row was locked.
const again = 5 * time.Millisecond

// batch is how many hosts are served in one transaction: it spreads the cost
// of a commit and yet does not keep the first waiting for the last.
const batch = 8

// pass serves up to a batch of the hosts that wait and may find something. It
// tells whether others should be served after them.
func (b *Board) pass(ctx context.Context) (more bool, err error) {
	if b.Waiting() == 0 {
		return false, nil
	}
	var bins []bin
	may := map[int64]*leaser{}
	err = b.db.View(ctx, func(tx *db.Tx) (err error) {
		if bins, err = freeBins(ctx, tx); err != nil || len(bins) == 0 {
			return err
		}
		may, err = lanes(ctx, tx)
		return err
	})
	if err != nil || len(bins) == 0 {
		return false, err
	}
	chosen, round, more := b.choose(bins, may)
	if len(chosen) == 0 {
		return false, nil
	}
	got := make([]*Task, len(chosen))
	busy := false
	err = b.db.Update(ctx, func(tx *db.Tx) error {
		clear(got)
		busy = false
		left := bins
		for i, w := range chosen {
			if i > 0 {
				if left, err = freeBins(ctx, tx); err != nil {
					return err
				}
				if !serves(w, left, may) {
					continue
				}
			}
			t, locked, err := b.room.take(ctx, tx, &w.Offer, left, Open)
			if err != nil {
				return err
			}
			got[i] = t
			busy = busy || locked && t == nil
		}
		return nil
	})
	if err != nil {
		clear(got)
	}
	b.deliver(chosen, got, round)
	if busy {
		time.AfterFunc(again, b.Wake)
	}
	return more, err
}

// choose takes from those who wait the next who may find something: who can do
// it natively before who emulates, then by load.
func (b *Board) choose(bins []bin, may map[int64]*leaser) (chosen []*waiter, round int64, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	type ranked struct {
		*waiter
		native bool
	}
	var can []ranked
	for _, w := range b.waiters {
		if w.tried != b.round && serves(w, bins, may) {
			can = append(can, ranked{w, native(w, bins, may)})
		}
	}
	slices.SortStableFunc(can, func(a, b ranked) int {
		switch {
		case a.native != b.native && a.native:
			return -1
		case a.native != b.native:
			return 1
		case a.load < b.load:
			return -1
		case a.load > b.load:
			return 1
		}
		return a.since.Compare(b.since)
	})
	for _, r := range can[:min(len(can), batch)] {
		chosen = append(chosen, r.waiter)
	}
	b.waiters = slices.DeleteFunc(b.waiters, func(w *waiter) bool { return slices.Contains(chosen, w) })
	return chosen, b.round, len(can) > batch
}

func serves(w *waiter, bins []bin, may map[int64]*leaser) bool {
	l := may[w.Host]
	if l == nil {
		return false
	}
	own := *l
	own.arches = usable(l.Host, &w.Offer)
	return slices.ContainsFunc(bins, func(b bin) bool { return own.serves(b, &w.Offer) })
}

// native: some bin that it serves needs no emulation.
func native(w *waiter, bins []bin, may map[int64]*leaser) bool {
	if len(w.Emulated) == 0 {
		return true
	}
	return serves(w, slices.DeleteFunc(slices.Clone(bins), func(b bin) bool { return slices.Contains(w.Emulated, b.arch) }), may)
}

// deliver hands out what was leased; who got nothing waits on.
func (b *Board) deliver(chosen []*waiter, got []*Task, round int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, w := range chosen {
		if got[i] != nil || w.gone {
			w.got <- got[i]
			continue
		}
		w.tried = round
		b.waiters = append(b.waiters, w)
	}
}

// lanes gives, for each enabled host, its arches and channels.
func lanes(ctx context.Context, tx *db.Tx) (map[int64]*leaser, error) {
	type lane struct {
		host    int64
		arches  *string
		channel int64
	}
	rows, err := db.All(ctx, tx, func(s db.Scanner) (l lane, err error) {
		return l, s.Scan(&l.host, &l.arches, &l.channel)
	}, `SELECT hc.host_id, hc.arches, ch.channel_id FROM host_config hc
		JOIN host_channels ch ON ch.host_id = hc.host_id AND ch.revoke_event IS NULL
		JOIN channels c ON c.id = ch.channel_id AND c.enabled = TRUE
		WHERE hc.revoke_event IS NULL AND hc.enabled = TRUE`)
	if err != nil {
		return nil, err
	}
	out := map[int64]*leaser{}
	for _, r := range rows {
		l := out[r.host]
		if l == nil {
			l = &leaser{Host: &Host{ID: r.host, Arches: r.arches, Enabled: true}}
			out[r.host] = l
		}
		l.channels = append(l.channels, r.channel)
	}
	return out, nil
}
