package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/kura-build/kura"
)

// perPage is how many rows a list shows at once.
const perPage = 50

// paging is where in a list a page stands. Lists are asked for one row more
// than they show, to know whether there is another page: counting a table of
// millions for every look would cost more than the look.
type paging struct {
	Page       int64
	Prev, Next string // addresses; empty: none
	r          *http.Request
}

func pageOf(r *http.Request) (paging, error) {
	p := paging{Page: 1, r: r}
	if v := r.URL.Query().Get("page"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 || n > 1_000_000 {
			return p, kura.Errorf("web.page", kura.Invalid, "page %.40q is not a number from 1", v)
		}
		p.Page = n
	}
	return p, nil
}

func (p *paging) offset() int64 { return (p.Page - 1) * perPage }

func (p *paging) address(page int64) string {
	q := url.Values{}
	for k, v := range p.r.URL.Query() {
		if k != "page" && v[0] != "" {
			q[k] = v[:1]
		}
	}
	if page > 1 {
		q.Set("page", strconv.FormatInt(page, 10))
	}
	if len(q) == 0 {
		return p.r.URL.EscapedPath()
	}
	return p.r.URL.EscapedPath() + "?" + q.Encode()
}

// cut takes the row too many off a list that was asked for perPage+1 rows.
func cut[T any](p *paging, rows []T) []T {
	if p.Page > 1 {
		p.Prev = p.address(p.Page - 1)
	}
	if len(rows) > perPage {
		p.Next = p.address(p.Page + 1)
		rows = rows[:perPage]
	}
	return rows
}

// slice is cut for a list that was read whole.
func slice[T any](p *paging, rows []T) []T {
	from, to := p.window(len(rows))
	return cut(p, rows[from:to])
}

// window is where the page's rows are among n, with the one behind them.
func (p *paging) window(n int) (from, to int) {
	from = int(min(p.offset(), int64(n)))
	return from, min(from+perPage+1, n)
}

// number reads the id in a path or query.
func number(what, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, kura.Errorf("web.number", kura.Invalid, "%s %.60q is not a number", what, text)
	}
	return n, nil
}
