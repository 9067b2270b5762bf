package rest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

func TestGroupsOfUsers(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(403, "admin permission required", "tina", "POST", "/user-groups", `{"name": "relengs"}`)
		if got := s.must("root", "POST", "/user-groups", `{"name": "relengs"}`).body; got["kind"] != "group" {
			t.Errorf("%v", got)
		}
		for range 2 {
			s.must("root", "PUT", "/user-groups/relengs/members/ada", "")
			s.must("root", "PUT", "/users/relengs/permissions/repo", "")
			s.must("root", "PUT", "/users/ada/permissions/sign", "")
		}
		want := []any{map[string]any{"name": "repo", "own": false, "groups": []any{"relengs"}}, map[string]any{"name": "sign", "own": true}}
		if diff := cmp.Diff(any(want), s.must("", "GET", "/users/ada/permissions", "").body["items"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"ada"}, names(s.must("", "GET", "/user-groups/relengs/members", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"ada", "relengs"}, names(s.must("", "GET", "/users?permission=repo", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		s.must("root", "DELETE", "/user-groups/relengs/members/ada", "")
		s.refused(404, "No such group: ada", "", "GET", "/user-groups/ada/members", "")

		s.must("root", "PUT", "/users/ada/principals/ada%2Fadmin@EXAMPLE.ORG", "")
		if got := s.must("root", "PUT", "/users/ada/name", `{"name": "ada2"}`).body; cmp.Diff([]any{"ada/admin@EXAMPLE.ORG"}, got["krb_principals"]) != "" || got["name"] != "ada2" {
			t.Errorf("%v", got)
		}
		s.must("root", "PUT", "/users/ada2/name", `{"name": "ada2"}`)
		s.must("root", "DELETE", "/users/ada2/principals/ada%2Fadmin@EXAMPLE.ORG", "")
		s.refused(404, "", "", "GET", "/users/ada", "")

		for _, text := range []string{"to bake", "to bake bread"} {
			if got := s.must("root", "PUT", "/permissions/bake", `{"description": "`+text+`"}`).body; got["description"] != text {
				t.Errorf("%v", got)
			}
		}
		if got := s.must("root", "PUT", "/permissions/bake", `{}`).body; got["description"] != "to bake bread" {
			t.Errorf("%v", got)
		}
	})
}

func TestTokens(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(401, "log in", "", "GET", "/tokens", "")
		s.refused(404, "No such permission: odd", "tina", "POST", "/tokens", `{"name": "ci", "scopes": ["odd"]}`)
		key := []string{"Idempotency-Key", "k"}
		made := s.must("tina", "POST", "/tokens", `{"name": "ci", "scopes": ["tag"], "days": 7}`, key...).body
		secret, _ := made["token"].(string)
		if !strings.HasPrefix(secret, account.TokenPrefix) || made["expires"] == nil || cmp.Diff([]any{"tag"}, made["scopes"]) != "" {
			t.Fatalf("%v", made)
		}
		// The secret is not kept, so who repeats the request does not get it.
		if again := s.must("tina", "POST", "/tokens", `{"name": "ci", "scopes": ["tag"], "days": 7}`, key...).body; again["id"] != made["id"] || again["token"] != nil {
			t.Errorf("%v", again)
		}
		s.update(func(ctx context.Context, tx *db.Tx) error {
			a, err := s.s.Sessions.CheckToken(ctx, tx, secret, "")
			if err == nil && (a.Name != "tina" || !a.Has("tag")) {
				t.Errorf("%+v", a)
			}
			return err
		})
		s.must("tina", "POST", "/tokens", `{"name": "more"}`)
		page := s.must("tina", "GET", "/tokens?limit=1", "").body
		rest := s.must("tina", "GET", "/tokens?cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"ci", "more"}, append(names(page["items"], "name"), names(rest["items"], "name")...)); diff != "" {
			t.Error(diff)
		}
		path := fmt.Sprintf("/tokens/%v", made["id"])
		s.refused(404, "No such token", "ada", "DELETE", path, "")
		s.must("root", "DELETE", path, "")
		s.refused(404, "No such token", "tina", "DELETE", path, "")

		s.refused(400, "", "ada", "PUT", "/users/ada/password", `{"password": "short"}`)
		s.must("ada", "PUT", "/users/ada/password", `{"password": "correct horse battery"}`)
		s.refused(403, "", "ada", "PUT", "/users/tina/password", `{"password": "correct horse battery"}`)
	})
}
