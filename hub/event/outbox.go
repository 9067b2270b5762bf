package event

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Message is a change as the bus carries it.
type Message struct {
	ID    int64           `json:"id"`
	Topic string          `json:"topic"` // noun.verb: build.complete, tag.listing, task.state
	Time  int64           `json:"time"`
	Body  json.RawMessage `json:"body"`
}

// Emit writes a message into the outbox, in the transaction that caused it.
func Emit(ctx context.Context, tx *db.Tx, topic string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return kura.E("event.Emit", err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO outbox (topic, body, time) VALUES ($1, $2, $3)", topic, string(b), db.Now())
	return kura.E("event.Emit", err)
}

// Publisher is the bus as the pump needs it.
type Publisher interface {
	Publish(ctx context.Context, subject, id string, data []byte) error
}

// Keep is how long the outbox holds messages, so that a bus which lost its
// store is filled again.
const Keep = 7 * 24 * time.Hour

// Pump publishes the outbox to one hub's bus, in order, until ctx ends. Each
// hub has its own mark, because each embedded bus has its own store. wake is
// signalled after commits; a slow tick covers lost signals. fresh says that
// the bus came up empty: everything that the outbox still holds goes out again
// (consumers know messages by their id).
type Pump struct {
	DB    *db.DB
	Bus   Publisher
	Hub   string
	Fresh bool
	Log   *slog.Logger
}

// Run pumps until ctx ends.
func (p *Pump) Run(ctx context.Context, wake <-chan struct{}) {
	if p.Fresh {
		if err := p.rewind(ctx); err != nil && ctx.Err() == nil {
			p.Log.Error("rewind outbox", "err", err)
		}
	}
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	sweep := time.NewTicker(time.Hour)
	defer sweep.Stop()
	for {
		for {
			n, err := p.Step(ctx)
			if err != nil {
				if ctx.Err() == nil {
					p.Log.Warn("publish outbox", "err", err)
				}
				break
			}
			if n == 0 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		case <-sweep.C:
			p.sweep(ctx)
		}
	}
}

func (p *Pump) rewind(ctx context.Context) error {
	return p.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM outbox_mark WHERE hub = $1", p.Hub)
		return err
	})
}

func (p *Pump) sweep(ctx context.Context) {
	err := p.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM outbox WHERE time < $1", db.Now()-Keep.Microseconds())
		return err
	})
	if err != nil {
		p.Log.Warn("sweep outbox", "err", err)
	}
}

// settle is how long a message behind a gap in the ids rests at least: ids are
// given before commits, and a transaction may have got one in the same moment.
const settle = 2 * time.Second

// Step publishes the next batch and moves the mark behind it.
func (p *Pump) Step(ctx context.Context) (int, error) {
	var mark int64
	err := p.DB.View(ctx, func(tx *db.Tx) error {
		_, err := tx.Get(ctx, []any{&mark}, "SELECT outbox_id FROM outbox_mark WHERE hub = $1", p.Hub)
		return err
	})
	if err != nil {
		return 0, kura.E("event.Pump", err)
	}
	batch, err := Read(ctx, p.DB, mark, 256)
	if err != nil {
		return 0, kura.E("event.Pump", err)
	}
	next := mark
	sent := 0
	for _, m := range batch {
		data, err := json.Marshal(m)
		if err != nil {
			return 0, kura.E("event.Pump", err)
		}
		if err := p.Bus.Publish(ctx, "event."+m.Topic, strconv.FormatInt(m.ID, 10), data); err != nil {
			return 0, kura.E("event.Pump", err)
		}
		next = m.ID
		sent++
	}
	if sent == 0 {
		return 0, nil
	}
	err = p.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO outbox_mark (hub, outbox_id) VALUES ($1, $2)
			ON CONFLICT (hub) DO UPDATE SET outbox_id = excluded.outbox_id`, p.Hub, next)
		return err
	})
	return sent, kura.E("event.Pump", err)
}

// Newest is the id of the newest message.
func Newest(ctx context.Context, tx *db.Tx) (id int64, err error) {
	err = tx.Row(ctx, "SELECT COALESCE(max(id), 0) FROM outbox").Scan(&id)
	return id, kura.E("event.Newest", err)
}

// Read gives the messages behind one, in order, as far as they are settled: none
// with a smaller id will come. Which transactions are under way is asked before
// the messages are looked at, in a transaction of its own, which may not see less.
func Read(ctx context.Context, d *db.DB, id int64, limit int) (got []Message, err error) {
	var horizon int64
	err = d.View(ctx, func(tx *db.Tx) (err error) {
		horizon, err = tx.Horizon(ctx)
		return err
	})
	if err != nil {
		return nil, kura.E("event.Read", err)
	}
	err = d.View(ctx, func(tx *db.Tx) (err error) {
		got, err = read(ctx, tx, id, limit, horizon)
		return err
	})
	return got, kura.E("event.Read", err)
}

// After is Read within a transaction that writes: each of its questions sees what
// was committed before it.
func After(ctx context.Context, tx *db.Tx, id int64, limit int) ([]Message, error) {
	horizon, err := tx.Horizon(ctx)
	if err != nil {
		return nil, kura.E("event.After", err)
	}
	got, err := read(ctx, tx, id, limit, horizon)
	return got, kura.E("event.After", err)
}

func read(ctx context.Context, tx *db.Tx, id int64, limit int, horizon int64) ([]Message, error) {
	got, err := db.All(ctx, tx, scanKept, "SELECT id, topic, time, body, COALESCE(horizon, 0) FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", id, limit)
	return settled(got, id, horizon), err
}

// kept is a message with when it was written by the database's clock.
type kept struct {
	Message
	horizon int64
}

func scanKept(s db.Scanner) (k kept, err error) {
	var body string
	err = s.Scan(&k.ID, &k.Topic, &k.Time, &body, &k.horizon)
	k.Body = json.RawMessage(body)
	return k, err
}

// settled gives the messages before the first gap in the ids that may be a
// transaction which has not committed yet: one that began before the message
// behind the gap was written is waited for.
func settled(batch []kept, mark, horizon int64) []Message {
	out := make([]Message, 0, len(batch))
	next := mark
	for _, m := range batch {
		if m.ID != next+1 && (mark != 0 || len(out) > 0) && (m.horizon >= horizon || time.Since(db.Time(m.Time)) < settle) {
			break
		}
		next = m.ID
		out = append(out, m.Message)
	}
	return out
}
