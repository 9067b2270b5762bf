package rest

import (
	"context"
	"slices"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/history"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// recordView is one version of something.
type recordView struct {
	Table       string         `json:"table" doc:"what it is a version of: tag_listing, tag_packages, user_perms"`
	Active      bool           `json:"active"`
	CreateEvent int64          `json:"create_event"`
	Created     time.Time      `json:"created"`
	Creator     string         `json:"creator"`
	RevokeEvent *int64         `json:"revoke_event,omitempty"`
	Revoked     *time.Time     `json:"revoked,omitempty"`
	Revoker     string         `json:"revoker,omitempty"`
	Values      map[string]any `json:"values" doc:"ids, and as x.name what they are called"`
}

func viewRecord(table string, columns []string, r history.Record) recordView {
	who := func(id *int64, name *string) string {
		switch {
		case id != nil && *id == 0:
			return account.System.Name
		case name != nil:
			return *name
		}
		return ""
	}
	v := recordView{Table: table, Active: r.RevokeEvent == nil, CreateEvent: r.CreateEvent, Created: db.Time(r.CreateTime), Creator: who(&r.CreatorID, r.Creator),
		RevokeEvent: r.RevokeEvent, Revoked: when(r.RevokeTime), Revoker: who(r.RevokerID, r.Revoker), Values: map[string]any{}}
	for i, name := range columns {
		v.Values[name] = r.Values[i]
	}
	return v
}

// HistoryQuery says which records are wanted. All conditions must be met.
type HistoryQuery struct {
	Tables       []string  `query:"table" doc:"only these, with commas between them"`
	Tag          string    `query:"tag"`
	Build        string    `query:"build" doc:"number or name-version-release"`
	Package      string    `query:"package"`
	User         string    `query:"user" doc:"whom it is about"`
	Editor       string    `query:"editor" doc:"who made or revoked it"`
	Permission   string    `query:"permission"`
	Generator    string    `query:"content_generator"`
	ExternalRepo string    `query:"external_repo"`
	Target       string    `query:"target"`
	Group        string    `query:"group" doc:"a comps group"`
	Host         string    `query:"host"`
	Channel      string    `query:"channel"`
	Key          string    `query:"key" doc:"of an extra value of a tag"`
	Active       string    `query:"active" enum:"true,false" doc:"only what is in force, or only what is not"`
	Before       time.Time `query:"before" doc:"made or revoked before"`
	After        time.Time `query:"after" doc:"made or revoked after"`
	BeforeEvent  int64     `query:"before_event" minimum:"0"`
	AfterEvent   int64     `query:"after_event" minimum:"0"`
}

// query finds what the names stand for.
func (in *HistoryQuery) query(ctx context.Context, c *call) (history.Query, error) {
	q := history.Query{About: map[history.By]any{}, BeforeEvent: in.BeforeEvent, AfterEvent: in.AfterEvent}
	q.Active = choice(in.Active)
	q.Before, q.After = micros(in.Before), micros(in.After)
	if in.Key != "" {
		q.About[history.Key] = in.Key
	}
	if in.Package != "" {
		p, err := tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
		if err != nil && !kura.Is(err, kura.NotFound) { // it may be in groups without being one of ours
			return q, err
		}
		q.About[history.Package], q.About[history.PackageName] = p.ID, in.Package
	}
	if in.Editor != "" {
		u, err := account.Get(ctx, c.tx, account.ByName(in.Editor))
		if err != nil {
			return q, err
		}
		q.Editor = u.ID
	}
	named := func(find func(context.Context, *db.Tx, tag.Ref) (tag.Name, error), name string) func() (int64, error) {
		return func() (int64, error) { n, err := find(ctx, c.tx, tag.ByName(name)); return n.ID, err }
	}
	for _, a := range []struct {
		by   history.By
		name string
		find func() (int64, error)
	}{
		{history.Tag, in.Tag, named(tag.Lookup, in.Tag)},
		{history.ExternalRepo, in.ExternalRepo, named(tag.LookupExternalRepo, in.ExternalRepo)},
		{history.Target, in.Target, named(tag.LookupTarget, in.Target)},
		{history.Group, in.Group, named(tag.LookupGroup, in.Group)},
		{history.Build, in.Build, func() (int64, error) {
			b, err := (&InBuild{in.Build}).find(ctx, c)
			if err != nil {
				return 0, err
			}
			return b.ID, nil
		}},
		{history.User, in.User, func() (int64, error) { u, err := account.Get(ctx, c.tx, account.ByName(in.User)); return u.ID, err }},
		{history.Permission, in.Permission, func() (int64, error) {
			p, err := account.GetPerm(ctx, c.tx, account.ByName(in.Permission))
			return p.ID, err
		}},
		{history.Generator, in.Generator, func() (int64, error) {
			g, err := build.GetGenerator(ctx, c.tx, account.ByName(in.Generator))
			return g.ID, err
		}},
		{history.Host, in.Host, func() (int64, error) {
			h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
			if err != nil {
				return 0, err
			}
			return h.ID, nil
		}},
		{history.Channel, in.Channel, func() (int64, error) {
			ch, err := task.GetChannel(ctx, c.tx, task.Ref{Name: in.Channel})
			if err != nil {
				return 0, err
			}
			return ch.ID, nil
		}},
	} {
		if a.name == "" {
			continue
		}
		id, err := a.find()
		if err != nil {
			return q, err
		}
		q.About[a.by] = id
	}
	return q, nil
}

// maxOfEvent is how many records of one event can be gone over, page by page.
const maxOfEvent = 100_000

// listHistory goes through all tables at once, by the events at which records
// were made. A page begins at an event, behind as many of its records as were
// shown.
func listHistory(ctx context.Context, c *call, in *struct {
	Paging
	HistoryQuery
}) (page pageOf[recordView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	if m.At > maxOfEvent {
		return page, kura.Errorf("rest.history", kura.Invalid, "cursor %.50q is none that was given here", in.Cursor)
	}
	q, err := in.query(ctx, c)
	if err != nil {
		return page, err
	}
	names := in.Tables
	if len(names) == 0 {
		names = history.Tables()
	}
	slices.Sort(names)
	q.From, q.Limit = m.ID, m.At+int64(in.Limit)+1
	var all []recordView
	for _, name := range slices.Compact(names) {
		columns, err := history.Columns(name)
		if err != nil {
			return page, err
		}
		if !q.Applies(name) {
			continue
		}
		got, err := history.Find(ctx, c.tx, name, q)
		if err != nil {
			return page, err
		}
		for _, r := range got {
			all = append(all, viewRecord(name, columns, r))
		}
	}
	slices.SortStableFunc(all, func(a, b recordView) int { return int(a.CreateEvent - b.CreateEvent) })
	page.Items = []recordView{}
	at := mark{ID: m.ID} // how many of that event were gone over
	for _, r := range all {
		if r.CreateEvent != at.ID {
			at = mark{ID: r.CreateEvent}
		}
		if r.CreateEvent == m.ID && at.At < m.At {
			at.At++
			continue
		}
		if len(page.Items) == in.Limit {
			page.Next = at.cursor()
			break
		}
		at.At++
		page.Items = append(page.Items, r)
	}
	return page, nil
}

// momentView is an event: a moment at which records changed.
type momentView struct {
	ID   int64     `json:"id"`
	Time time.Time `json:"time"`
}

func (s *Server) history() {
	read(s, "list-history", listHistory)
	read(s, "get-moment", func(ctx context.Context, c *call, in *struct {
		Event int64 `path:"event" minimum:"1" doc:"the event's number"`
	}) (momentView, error) {
		e, err := event.Get(ctx, c.tx, in.Event)
		return momentView{e.ID, db.Time(e.Time)}, err
	})
	read(s, "get-last-moment", func(ctx context.Context, c *call, in *struct {
		Before time.Time `query:"before" doc:"none: the newest of all"`
	}) (v momentView, err error) {
		var at int64
		if !in.Before.IsZero() {
			at = max(1, in.Before.UnixMicro())
		}
		e, err := event.Last(ctx, c.tx, at)
		if err == nil && e.ID == 0 {
			err = kura.Errorf("rest.moment", kura.NotFound, "there is no event before that time")
		}
		return momentView{e.ID, db.Time(e.Time)}, err
	})
	read(s, "get-tag-changes", func(ctx context.Context, c *call, in *struct {
		InTag
		After   int64 `query:"after" minimum:"0" doc:"the first change after this event"`
		Before  int64 `query:"before" minimum:"0" doc:"the last change before this event; 0 is now"`
		Inherit bool  `query:"inherit" default:"true" doc:"also of what the tag inherits from"`
	}) (v changesView, err error) {
		if v.First, err = tag.FirstChangeOf(ctx, c.tx, tag.ByName(in.Tag), in.After, in.Inherit); err != nil {
			return v, err
		}
		v.Last, err = tag.LastChangeOf(ctx, c.tx, tag.ByName(in.Tag), in.Before, in.Inherit)
		return v, err
	})
}

// changesView are the events at which a tag changed.
type changesView struct {
	First int64 `json:"first,omitempty" doc:"none: it did not change since"`
	Last  int64 `json:"last,omitempty" doc:"none: it did not change before"`
}
