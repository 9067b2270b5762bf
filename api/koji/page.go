package koji

import (
	"context"
	"strings"
)

// page is the part that filterResults and countAndFilterResults want of a method's
// answer. A method that can find it without making all of its list does so, says how
// long that list is, and takes the page: what it then gives is the page itself.
type page struct {
	order         string // a member of the rows; none is the method's own order
	down          bool
	nilLeast      bool // what is nil is less than all else, not greater
	offset, limit int  // a limit of -1 is none

	taken bool
	total int
}

// pageOf reads what a client wants; nil is for the whole list, or for what is wrong,
// which is told when the list is there.
func pageOf(opts map[string]any) *page {
	p := &page{limit: -1}
	for name, to := range map[string]*int{"offset": &p.offset, "limit": &p.limit} {
		if opts[name] == nil {
			continue
		}
		n, ok := opts[name].(int64)
		if !ok || n < 0 || n > 1<<31-1 {
			return nil
		}
		*to = int(n)
	}
	if p.limit < 0 {
		return nil
	}
	order, _ := opts["order"].(string)
	if order == "-" {
		return nil
	}
	p.order, p.down = strings.CutPrefix(order, "-")
	p.nilLeast = opts["noneGreatest"] != nil && !truthy(opts["noneGreatest"])
	return p
}

// take notes that what a method gives is the page, of a list so long.
func (p *page) take(total int) { p.taken, p.total = true, total }

// wants reports whether somebody wants a page in one of these orders.
func (p *page) wants(orders ...string) bool {
	if p == nil {
		return false
	}
	for _, o := range orders {
		if p.order == o {
			return true
		}
	}
	return p.order == ""
}

type pageKey struct{}

func (p *page) in(ctx context.Context) context.Context { return context.WithValue(ctx, pageKey{}, p) }

// wanted is the page that the caller of a method wants of its answer; nil is all.
func wanted(ctx context.Context) *page {
	p, _ := ctx.Value(pageKey{}).(*page)
	return p
}
