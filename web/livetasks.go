package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// maxLive is how many tasks one page follows.
const maxLive = 100

// liveAddress is the stream of the tasks on a page that are not over; with a
// root also of tasks that appear below it. It is empty when nothing can change.
func liveAddress(root int64, rows []taskRow) string {
	var ids []string
	for _, t := range rows {
		if !t.State.Finished() && len(ids) < maxLive {
			ids = append(ids, fmt.Sprint(t.ID))
		}
	}
	if len(ids) == 0 {
		return ""
	}
	q := url.Values{"ids": {strings.Join(ids, ",")}}
	if root != 0 {
		q.Set("root", fmt.Sprint(root))
		q.Set("of", fmt.Sprint(len(rows)))
	}
	return "/live/tasks?" + q.Encode()
}

// change is a task's state as it is sent.
type change struct {
	ID    int64  `json:"id"`
	Word  string `json:"word"`
	Sign  string `json:"sign"`
	Class string `json:"class"`
	Host  string `json:"host"`
	Phase string `json:"phase"`
}

// liveTasks streams changes of tasks. When a task appears below the root, or
// all are over, the page is told to load itself anew: then there is more to
// show than states.
func (s *Server) liveTasks(w http.ResponseWriter, r *http.Request) {
	ids, root, family, err := liveQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	known := map[int64]change{}
	s.follow(w, r, ids, func(ctx context.Context, st *stream) (bool, error) {
		var changes []change
		over, members := true, 0
		err := s.DB.View(ctx, func(tx *db.Tx) error {
			n, err := readNames(ctx, tx)
			if err != nil {
				return err
			}
			for _, id := range ids {
				t, err := task.Get(ctx, tx, id)
				if err != nil {
					return err
				}
				over = over && t.State.Finished()
				b := taskState(t.State)
				c := change{t.ID, b.Word, b.Sign, b.Class, n.hosts[deref(t.HostID)], phase(t)}
				if known[id] != c {
					known[id] = c
					changes = append(changes, c)
				}
			}
			if root == 0 {
				return nil
			}
			below, err := task.Descendents(ctx, tx, root)
			members = len(below)
			return err
		})
		if err != nil {
			return false, err
		}
		if len(changes) > 0 {
			if err := st.send("tasks", "", changes); err != nil {
				return false, err
			}
		}
		if over || members > family && family < maxTree {
			return true, st.send("reload", "", nil)
		}
		return false, nil
	})
}

func liveQuery(q url.Values) (ids []int64, root int64, family int, err error) {
	for _, f := range strings.Split(q.Get("ids"), ",") {
		id, err := number("task", f)
		if err != nil {
			return nil, 0, 0, err
		}
		ids = append(ids, id)
	}
	if len(ids) > maxLive {
		return nil, 0, 0, kura.Errorf("web.live", kura.Invalid, "%d tasks are too many to follow: at most %d", len(ids), maxLive)
	}
	if v := q.Get("root"); v != "" {
		if root, err = number("task", v); err == nil {
			family, err = strconv.Atoi(q.Get("of"))
		}
		if err != nil {
			return nil, 0, 0, kura.Errorf("web.live", kura.Invalid, "root=%.40q and of=%.40q are not two numbers", v, q.Get("of"))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), root, family, nil
}

// phase says what an open task is at.
func phase(t *task.Task) string {
	switch {
	case t.State != task.Open:
		return ""
	case t.Waiting:
		return "waits for its children"
	}
	return t.Phase
}
