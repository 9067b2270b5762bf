package rest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura"
)

// choice is a parameter that is true, false, or not there.
func choice(text string) *bool {
	if text == "" {
		return nil
	}
	return new(text == "true")
}

// micros is a time that is asked for as it is stored; 0 is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// pageOf is a part of a list, and where the next one begins.
type pageOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"the cursor of the next page; none: this is the last"`
}

// Paging are the parameters of every list.
type Paging struct {
	Cursor string `query:"cursor" doc:"where the page begins: next of the one before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"the most items of a page"`
}

// mark is what a cursor says: the last item of the page before.
type mark struct {
	ID   int64  `json:"i,omitempty"`
	Name string `json:"n,omitempty"`
	At   int64  `json:"a,omitempty"` // which item it was, where that is all there is
}

func (p *Paging) mark() (m mark, err error) {
	if p.Cursor == "" {
		return m, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.ID < 0 || m.At < 0 {
		return m, kura.Errorf("rest.page", kura.Invalid, "cursor %.50q is none that was given here", p.Cursor)
	}
	return m, nil
}

func (m mark) cursor() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // numbers and texts
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// cut makes a page of a list that is there as a whole, in the order of names.
// Who goes on after something was added or taken away neither misses anything
// nor sees it twice.
func cut[T, O any](p *Paging, all []T, name func(T) string, show func(T) O) (page pageOf[O], err error) {
	m, err := p.mark()
	if err != nil {
		return page, err
	}
	page.Items = []O{}
	last := ""
	for _, v := range all {
		n := name(v)
		if p.Cursor != "" && n <= m.Name {
			continue
		}
		if len(page.Items) == p.Limit {
			page.Next = mark{Name: last}.cursor()
			break
		}
		page.Items, last = append(page.Items, show(v)), n
	}
	return page, nil
}

// numbered makes a page of a list that is there as a whole, by numbers.
func numbered[T, O any](p *Paging, all []T, id func(T) int64, show func(T) O) (pageOf[O], error) {
	return cut(p, all, func(v T) string { return fmt.Sprintf("%019d", id(v)) }, show)
}

// sortBy brings a list into the order that cut needs.
func sortBy[T any](all []T, name func(T) string) {
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(name(a), name(b)) })
}

// full makes a page of one item more than fits, if there is one.
func full[T, O any](p *Paging, got []T, at func(T) mark, show func(T) O) pageOf[O] {
	page := pageOf[O]{Items: []O{}}
	for i, v := range got {
		if i == p.Limit {
			page.Next = at(got[i-1]).cursor()
			break
		}
		page.Items = append(page.Items, show(v))
	}
	return page
}

// part makes a page of a list that never changes, in its own order.
func part[T, O any](p *Paging, all []T, show func(T) O) (page pageOf[O], err error) {
	m, err := p.mark()
	if err != nil {
		return page, err
	}
	page.Items = []O{}
	from := max(0, min(m.At, int64(len(all))))
	for i, v := range all[from:] {
		if i == p.Limit {
			page.Next = mark{At: from + int64(i)}.cursor()
			break
		}
		page.Items = append(page.Items, show(v))
	}
	return page, nil
}
