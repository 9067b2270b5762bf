package task_test

import (
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// TestNames makes hosts and channels of the longest names, and of longer ones.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			name          string
			host, channel bool
		}{
			{"a", true, true},
			{"", false, false},
			{"a b", false, false},
			{"a\n", false, false},
			{strings.Repeat("b", 255), true, true},
			{strings.Repeat("c", 256), false, true},
			{strings.Repeat("d", 257), false, false},
		} {
			host := w.d.Update(ctx, func(tx *db.Tx) error {
				_, err := w.r.AddHost(ctx, tx, admin, c.name, []string{"x86_64"})
				return err
			})
			channel := w.d.Update(ctx, func(tx *db.Tx) error {
				_, err := w.r.AddChannel(ctx, tx, c.name, nil)
				return err
			})
			for what, got := range map[string]struct {
				err error
				ok  bool
			}{"host": {host, c.host}, "channel": {channel, c.channel}} {
				if (got.err == nil) != got.ok || !got.ok && !kura.Is(got.err, kura.Invalid) {
					t.Errorf("%s %.10q of %d: %v", what, c.name, len(c.name), got.err)
				}
			}
		}
	})
}
