package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/test/farm"
)

// everyday asks what people ask, and says how long half of the answers took and
// nineteen of twenty, what the hub and the database worked for each, and which large tables were read from end to end for them.
func (h *hub) everyday(d *sql.DB) error {
	ctx := h.b.ctx
	turns := h.b.turns(100, 3)
	items, err := farm.Samples(ctx, d, turns)
	if err != nil {
		return err
	}
	c, err := h.asked()
	if err != nil {
		return err
	}
	defer c.close()
	var wrong []string
	for _, q := range farm.Calls() {
		if !strings.Contains(q.Name, h.b.call) {
			continue
		}
		ask := question{name: q.Name, method: q.Method, params: func(i int) []any { return q.Params(items[i%len(items)]) }}
		if err := c.post(ask, 0, turns-1); err != nil { // connected from here on
			wrong = append(wrong, err.Error())
			continue
		}
		m, err := h.timed(c, d, ask, turns)
		// Who else uses the machine may slow some answers down, not all of them.
		for try := 0; err == nil && try < 3 && m.most > patience && q.Why == "" && !h.b.quick; try++ {
			m, err = h.timed(c, d, ask, turns)
		}
		if err != nil {
			return err
		}
		said := ""
		if len(m.scanned) > 0 {
			said = "reads all of " + strings.Join(m.scanned, ", ")
		}
		if bad := m.most > patience || len(m.scanned) > 0; bad && q.Why == "" && !h.b.quick {
			wrong = append(wrong, fmt.Sprintf("%s: %.0f ms %s", q.Name, millis(m.most), said))
		} else if bad && q.Why != "" {
			said = strings.TrimPrefix(said+"; "+q.Why, "; ")
		}
		fmt.Printf("%-66s %8.1f %8.1f ms  work %6.1f + %6.1f ms  %s\n", q.Name, millis(m.half), millis(m.most), millis(m.hub), millis(m.database), said)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("slower than %s, or by a look at all of a large table:\n%s", patience, strings.Join(wrong, "\n"))
	}
	return nil
}

// measured is what was seen of a call: how long half of the answers took and
// nineteen of twenty, what the hub and the database worked for one, and the large
// tables that were read from end to end.
type measured struct {
	half, most    time.Duration
	hub, database time.Duration
	scanned       []string
}

// timed asks so many times.
func (h *hub) timed(c *asked, d *sql.DB, ask question, turns int) (m measured, err error) {
	before, err := h.scans(d)
	if err != nil {
		return m, err
	}
	server, err := postmaster(h.b.ctx, d)
	if err != nil {
		return m, err
	}
	altered := 0
	if h.b.anew {
		altered = 1
	}
	var took []time.Duration
	var all time.Duration
	hub, database := h.cpu(), allTime(server)
	for i := range turns {
		// No answer that was kept is of use; what lists are made of is, unless anew says
		// that it is to be made too.
		r, err := d.ExecContext(h.b.ctx, "UPDATE change_count SET builds = builds + 1, tagged = tagged + 1, others = others + 1, altered = altered + $1 WHERE part = 0", altered)
		if err != nil {
			return m, err
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return m, fmt.Errorf("the hub was not told that records changed: %d rows, %w", n, err)
		}
		began := time.Now()
		if err := c.post(ask, 0, i); err != nil {
			return m, err
		}
		took = append(took, time.Since(began))
		if all += took[i]; i >= 4 && all > 100*patience { // it is known well enough by now
			break
		}
	}
	n := time.Duration(len(took))
	m = measured{half: quantile(took, .5), most: quantile(took, .95), hub: (h.cpu() - hub) / n, database: (allTime(server) - database) / n}
	m.scanned, err = h.scanned(d, before, int64(len(took)), func() error { return c.post(ask, 0, 0) })
	return m, err
}

// postmaster finds the server's first process, which must be of this machine.
func postmaster(ctx context.Context, d *sql.DB) (pid int, err error) {
	if err := d.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return 0, err
	}
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	if f := strings.Fields(rest); len(f) > 1 {
		pid, err = strconv.Atoi(f[1])
	}
	return pid, err
}

// scans counts how often each large table was read from end to end.
func (h *hub) scans(d *sql.DB) (map[string]int64, error) {
	rows, err := d.QueryContext(h.b.ctx, `SELECT s.relname, s.seq_scan FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.reltuples >= 100000`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		all[name] = n
	}
	return all, rows.Err()
}

// scanned names the tables that were read from end to end in half of the turns:
// what the hub does beside them every now and then is not meant.
func (h *hub) scanned(d *sql.DB, before map[string]int64, turns int64, again func() error) ([]string, error) {
	// The server's processes tell of what they counted once a second, at the end
	// of something that they do.
	select {
	case <-h.b.ctx.Done():
		return nil, h.b.ctx.Err()
	case <-time.After(1100 * time.Millisecond):
	}
	if err := again(); err != nil {
		return nil, err
	}
	after, err := h.scans(d)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, n := range after {
		if 2*(n-before[name]) >= turns {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
