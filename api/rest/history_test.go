package rest

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

func TestHistory(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		first := s.must("", "GET", "/moments/last", "").body
		if got := s.must("", "GET", fmt.Sprintf("/moments/%v", first["id"]), "").body; got["time"] != first["time"] {
			t.Errorf("%v, not %v", got, first)
		}
		s.refused(404, "No such event: 999", "", "GET", "/moments/999", "")
		s.refused(404, "no event before", "", "GET", "/moments/last?before=1999-01-01T00:00:00Z", "")
		s.must("root", "PATCH", "/tags/f41", `{"locked": true}`)
		s.must("root", "PUT", "/users/ada/permissions/repo", "")
		got := s.must("", "GET", "/history?tag=f41&table=tag_config", "").body["items"].([]any)
		if diff := cmp.Diff([]any{"tina", "root"}, names(got, "creator")); diff != "" {
			t.Fatal(diff)
		}
		old := got[0].(map[string]any)
		if old["active"] != false || old["revoker"] != "root" || old["values"].(map[string]any)["tag.name"] != "f41" || old["values"].(map[string]any)["locked"] != false {
			t.Errorf("%v", old)
		}
		for q, n := range map[string]int{
			"tag=f41&active=true&table=tag_config": 1, "tag=f41&editor=ada": 0, "user=ada": 1, "permission=repo": 1, "user=ada&permission=repo&active=false": 0,
			"tag=f41&table=tag_config&after_event=" + fmt.Sprint(first["id"]): 2, "package=none": 0, "tag=f41&before=1999-01-01T00:00:00Z": 0,
		} {
			if got := s.must("", "GET", "/history?"+q, "").body["items"].([]any); len(got) != n {
				t.Errorf("%s gives %d records", q, len(got))
			}
		}
		s.refused(404, "No such history table: odd", "", "GET", "/history?table=odd", "")
		s.refused(404, "No such tag", "", "GET", "/history?tag=none", "")
		changes := s.must("", "GET", "/tags/f41/changes", "").body
		if changes["first"] != first["id"] || changes["last"].(float64) <= changes["first"].(float64) {
			t.Errorf("%v of %v", changes, first)
		}

		// Pages end within an event, too.
		root := s.actor("root")
		s.update(func(ctx context.Context, tx *db.Tx) error {
			for _, name := range []string{"e", "b", "d", "a", "c"} {
				owner := tag.ByID(root.ID)
				if err := tag.NewLists(nil).Add(ctx, tx, root, tag.ByName("f41"), tag.ByName(name), tag.Entry{Owner: &owner}); err != nil {
					return err
				}
			}
			return nil
		})
		all := s.must("", "GET", "/history?tag=f41", "").body["items"].([]any)
		var parts []any
		for next := ""; ; {
			page := s.must("", "GET", "/history?tag=f41&limit=2&cursor="+url.QueryEscape(next), "").body
			parts = append(parts, page["items"].([]any)...)
			if page["next"] == nil {
				break
			}
			next = page["next"].(string)
		}
		if diff := cmp.Diff(all, parts); diff != "" || len(all) != 12 {
			t.Errorf("%d records: %s", len(all), diff)
		}
	})
}
