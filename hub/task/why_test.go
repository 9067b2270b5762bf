package task_test

import (
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

func TestWhyWaiting(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		x := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		why := func(id int64, code, reason string, placeWant int) {
			t.Helper()
			w.do(func(tx *db.Tx) error {
				got, err := w.r.WhyWaiting(ctx, tx, id)
				if err == nil && (got.Code != code || got.Reason != reason || got.Place != placeWant) {
					t.Errorf("%q, %q, place %d; want %q, %q, %d", got.Code, got.Reason, got.Place, code, reason, placeWant)
				}
				return err
			})
		}
		why(x.ID, "no host", "No host in channel default does x86_64.", 0)
		h := w.host("a", "x86_64")
		why(x.ID, "not ready", "The hosts that could do it are not ready, or have not called for a while.", 0)
		ready := func(data string) {
			w.do(func(tx *db.Tx) error { return w.r.UpdateHost(ctx, tx, h, true, 0, []byte(data)) })
		}
		ready(`{"methods":["image"]}`)
		why(x.ID, "method", "No host in channel default that does x86_64 offers buildArch.", 0)
		ready(`{"methods":["buildArch"]}`)
		why(x.ID, "next", "A host has room for it; it is number 1 in line.", 1)
		y := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		heavy := w.make(task.Spec{Arch: "x86_64", Owner: alice, Weight: 50})
		why(heavy.ID, "too heavy", "Its weight of 50 is more than any host's capacity allows.", 0)
		w.capacity(h, 1)
		got := w.lease(offer(h))
		why(x.ID, "not waiting", "It does not wait: it is OPEN.", 0)
		why(y.ID, "full", "All hosts that can do it are full; it is number 1 in line.", 1)
		c := w.make(task.Spec{Parent: got.ID, Label: "kid"})
		w.do(func(tx *db.Tx) error { return w.r.SetWait(ctx, tx, got.ID, nil) })
		w.do(func(tx *db.Tx) error {
			got, err := w.r.WhyWaiting(ctx, tx, got.ID)
			if err == nil && got.Code != "children" {
				t.Errorf("%+v (child %d)", got, c.ID)
			}
			return err
		})
		w.do(func(tx *db.Tx) error { return w.r.SetRefusal(ctx, tx, y.ID, h, false, true, "no disk") })
		why(y.ID, "refused", "All hosts that could do it have refused it.", 0)
		off := false
		w.do(func(tx *db.Tx) error {
			_, err := w.r.EditHost(ctx, tx, admin, task.Ref{ID: h}, task.HostEdit{Enabled: &off})
			return err
		})
		why(y.ID, "disabled", "All hosts in channel default that do x86_64 are disabled.", 0)
	})
}
