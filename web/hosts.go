package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// hostRow is a host with what it does now.
type hostRow struct {
	*task.Host
	Tasks    []taskRow
	Load     float64 // weights of what it runs
	Channels string
	Version  string
	Badge    badge
}

type hostsPage struct{ Hosts []hostRow }

func (s *Server) hosts(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	n, err := readNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := hostRows(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		list, err := task.ListChannels(ctx, tx, rows[i].ID, 0, nil)
		if err != nil {
			return nil, err
		}
		words := make([]string, len(list))
		for k, c := range list {
			words[k] = c.Name
		}
		rows[i].Channels = strings.Join(words, " ")
	}
	return &hostsPage{rows}, nil
}

func hostRows(ctx context.Context, tx *db.Tx, n *names) ([]hostRow, error) {
	busy, err := task.List(ctx, tx, task.Filter{States: []task.State{task.Open, task.Assigned},
		Host: []task.IDs{{Null: true, Not: true, Set: true}}, Order: "id", Limit: 2000})
	if err != nil {
		return nil, err
	}
	byHost := map[int64][]taskRow{}
	for _, t := range n.rows(busy) {
		byHost[*t.HostID] = append(byHost[*t.HostID], t)
	}
	out := make([]hostRow, 0, len(n.all))
	for _, h := range n.all {
		row := hostRow{Host: h, Tasks: byHost[h.ID], Badge: hostBadge(h)}
		for _, t := range row.Tasks {
			if !t.Waiting {
				row.Load += t.Weight
			}
		}
		var said struct {
			Version string `json:"version"`
		}
		if json.Unmarshal(h.Data, &said) == nil {
			row.Version = said.Version
		}
		out = append(out, row)
	}
	return out, nil
}

// away is how long a host may be silent before the page says so, in
// microseconds.
const away = 3 * 60 * 1_000_000

func hostBadge(h *task.Host) badge {
	switch {
	case !h.Enabled:
		return badge{"disabled", "–", "off"}
	case h.UpdateTime == nil || *h.UpdateTime < db.Now()-away:
		return badge{"away", "✗", "bad"}
	case !h.Ready:
		return badge{"not ready", "○", "wait"}
	}
	return badge{"ready", "✓", "good"}
}
