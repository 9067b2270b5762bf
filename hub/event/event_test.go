package event_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/event"
)

func TestOneEventEachTransaction(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var a, b, c, later int64
		err := d.Update(ctx, func(tx *db.Tx) (err error) {
			a, _ = event.Now(ctx, tx)
			b, _ = event.Now(ctx, tx)
			return tx.Savepoint(ctx, func() error { c, err = event.Now(ctx, tx); return err })
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Update(ctx, func(tx *db.Tx) error { later, err = event.Now(ctx, tx); return err })
		if a != b || c == a || later <= a {
			t.Errorf("events %d %d, savepoint %d, later %d", a, b, c, later)
		}
		d.View(ctx, func(tx *db.Tx) error {
			last, err := event.Last(ctx, tx, 0)
			if err != nil || last.ID != later {
				t.Errorf("last is %d (%v), want %d", last.ID, err, later)
			}
			return nil
		})
	})
}

type bus struct{ got []string }

func (b *bus) Publish(_ context.Context, subject, id string, _ []byte) error {
	b.got = append(b.got, subject+" "+id)
	return nil
}

func TestPumpPublishesOnceInOrder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		emit := func(topic string) {
			if err := d.Update(ctx, func(tx *db.Tx) error { return event.Emit(ctx, tx, topic, map[string]int{"n": 1}) }); err != nil {
				t.Fatal(err)
			}
		}
		emit("tag.create")
		emit("build.complete")
		b := &bus{}
		p := &event.Pump{DB: d, Bus: b, Hub: "h1", Log: slog.Default()}
		for range 3 {
			if _, err := p.Step(ctx); err != nil {
				t.Fatal(err)
			}
		}
		emit("task.state")
		p.Step(ctx)
		want := []string{"event.tag.create 1", "event.build.complete 2", "event.task.state 3"}
		if diff := cmp.Diff(want, b.got); diff != "" {
			t.Error(diff)
		}
		// another hub's bus gets everything too
		b2 := &bus{}
		(&event.Pump{DB: d, Bus: b2, Hub: "h2", Log: slog.Default()}).Step(ctx)
		if diff := cmp.Diff(want, b2.got); diff != "" {
			t.Error(diff)
		}
	})
}

// A message behind one that is not committed yet waits for it, however long that
// takes: who has read on would never see it. (SQLite's writers wait for one another.)
func TestMessagesBehindAGapWait(t *testing.T) {
	d, ctx := dbtest.Postgres(t), context.Background()
	emit := func(topic string, held func()) error {
		return d.Update(ctx, func(tx *db.Tx) error {
			if err := event.Emit(ctx, tx, topic, nil); err != nil {
				return err
			}
			held()
			return nil
		})
	}
	after := func() (topics []string) {
		got, err := event.Read(ctx, d, 1, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got {
			topics = append(topics, m.Topic)
		}
		return topics
	}
	if err := emit("first", func() {}); err != nil {
		t.Fatal(err)
	}
	written, release, over := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() { over <- emit("slow", func() { close(written); <-release }) }()
	<-written
	if err := emit("quick", func() {}); err != nil {
		t.Fatal(err)
	}
	err := d.Update(ctx, func(tx *db.Tx) error { // long ago, so that no pause is what helps
		_, err := tx.Exec(ctx, "UPDATE outbox SET time = 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := after(); got != nil {
		t.Errorf("%v was read before what is not committed yet", got)
	}
	close(release)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"slow", "quick"}, after()); diff != "" {
		t.Error(diff)
	}
}
