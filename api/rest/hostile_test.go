package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
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

// Of a password nothing is kept for who repeats the request, and an answer that is
// too long is not either.
func TestWhatIsNotKept(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		kept := func() (n int) {
			s.update(func(ctx context.Context, tx *db.Tx) error {
				return tx.Row(ctx, "SELECT count(*) FROM request_keys").Scan(&n)
			})
			return n
		}
		for range 2 {
			s.must("ada", "PUT", "/users/ada/password", `{"password": "a long enough secret"}`, "Idempotency-Key", "k")
		}
		if n := kept(); n != 0 {
			t.Errorf("%d sums of passwords are kept", n)
		}
		long := fmt.Sprintf(`{"name": "f41", "extra": {"x": %q}}`, strings.Repeat("x", 70_000))
		s.must("tina", "POST", "/tags", long, "Idempotency-Key", "k")
		s.refused(409, "was carried out, and its answer was too long to be kept", "tina", "POST", "/tags", long, "Idempotency-Key", "k")
		if n := kept(); n != 1 {
			t.Errorf("%d keys are kept", n)
		}
	})
}

// While a session has a user alone, nobody else changes anything in that name.
func TestTakenUsersChangeNothing(t *testing.T) {
	s := &Server{Config: Config{Actor: func(r *http.Request) (account.Actor, error) {
		return account.Actor{ID: 1, Name: "ada", Taken: true}, nil
	}}}
	ctx := context.WithValue(context.Background(), requestKey{}, httptest.NewRequest("POST", "/", nil))
	for method, want := range map[string]kura.Kind{http.MethodGet: kura.Other, http.MethodPost: kura.Locked, http.MethodDelete: kura.Locked} {
		if _, err := s.admit(ctx, &operation{id: "x", method: method, needs: login}); want == kura.Other && err != nil || want != kura.Other && !kura.Is(err, want) {
			t.Errorf("%s: %v", method, err)
		}
	}
}
