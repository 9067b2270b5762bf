package rest

import (
	"context"
	"fmt"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// Force is for administrators, whoever says it.
func TestForceOfOthers(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("root", "POST", "/builds", `{"name": "hello", "version": "1", "release": "1"}`)
		path := "/tags/f41/builds/hello-1-1"
		s.refused(409, "not in list", "ada", "PUT", path+"?force=true", "")
		s.must("root", "PUT", path+"?force=true", "")
		if got := s.must("", "GET", "/tags/f41/packages", "").body["items"].([]any); len(got) != 1 {
			t.Errorf("an administrator's force put the build where nobody sees it: %v", got)
		}
		s.refused(409, "already tagged", "ada", "PUT", path+"?force=true", "")
		var told int
		s.update(func(ctx context.Context, tx *db.Tx) error {
			told = 0
			got, err := event.After(ctx, tx, 0, 1000)
			for _, m := range got {
				if m.Topic == "notice.tag" {
					told++
				}
			}
			return err
		})
		if told != 1 {
			t.Errorf("people were told of %d taggings", told)
		}
	})
}

// Cursors come from outside.
func TestForgedCursors(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		for _, path := range []string{"/history", "/tags/f41/builds", "/builds", "/tasks"} {
			for _, m := range []mark{{At: -1}, {At: -1 << 63}, {ID: -1}} {
				s.refused(400, "is none that was given here", "", "GET", fmt.Sprintf("%s?limit=1&cursor=%s", path, m.cursor()), "")
			}
		}
		s.refused(400, "is none that was given here", "", "GET", "/history?cursor="+mark{At: 1<<63 - 1}.cursor(), "")
		s.refused(400, "too far from the usual", "ada", "POST", "/tasks/chain-build", `{"sources": [["git://example.org/a#1"]], "target": "f41", "priority": 9223372036854775807}`)
	})
}
