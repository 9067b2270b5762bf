package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newHistory(a *app) *cobra.Command {
	var all, active, events bool
	var before, after string
	var beforeEvent, afterEvent int64
	c := &cobra.Command{
		Use:   "history",
		Short: "Say what was changed, when, and by whom",
		Long: "List changes of tags, packages, targets, groups, hosts, users and repositories, the\n" +
			"oldest first: when it was, who did it, and what. Say of what: each option leaves\n" +
			"less, and without any there is only --all.\n\n" +
			"Builds and tasks are no changes: see `kura builds` and `kura tasks`.",
		Example: "  kura history --tag f43 --package bash\n  kura history --build bash-5.3-1.fc43\n" +
			"  kura history --by ann --after 24h\n  kura history --tag f43-build --after-event 12345 --events",
		Args: want(0, 0, "nothing"),
	}
	f := c.Flags()
	subjects := map[string]*string{}
	subject := func(flag, key, help string) { subjects[key] = f.String(flag, "", help) }
	subject("tag", "tag", "only of this tag")
	subject("package", "package", "only of this package")
	subject("build", "build", "only of this build")
	subject("user", "user", "only of this user: permissions, groups, packages")
	subject("host", "host", "only of this build host")
	subject("target", "build_target", "only of this build target")
	subject("channel", "channel", "only of this channel")
	subject("group", "group", "only of this group of packages")
	subject("repo", "external_repo", "only of this external repository")
	subject("permission", "permission", "only of this permission")
	subject("setting", "xkey", "only of tags' settings with this name")
	subject("by", "editor", "only what this user has changed")
	f.BoolVar(&active, "active", false, "only what is still in force")
	f.StringVar(&before, "before", "", "only before: a time, or how long ago (24h)")
	f.StringVar(&after, "after", "", "only since: a time, or how long ago (24h)")
	f.Int64Var(&beforeEvent, "before-event", 0, "only before this event")
	f.Int64Var(&afterEvent, "after-event", 0, "only after this event")
	f.BoolVarP(&events, "events", "e", false, "show the numbers of events")
	f.BoolVar(&all, "all", false, "everything: that may be much")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{}
		for key, value := range subjects {
			if *value != "" {
				kw[key] = client.Ref(*value)
			}
		}
		if *subjects["xkey"] != "" {
			kw["xkey"] = *subjects["xkey"] // never a number
		}
		for key, text := range map[string]string{"before": before, "after": after} {
			if text == "" {
				continue
			}
			t, err := a.instant(text)
			if err != nil {
				return err
			}
			kw[key] = float64(t.UnixMicro()) / 1e6
		}
		for key, event := range map[string]int64{"beforeEvent": beforeEvent, "afterEvent": afterEvent} {
			if event != 0 {
				kw[key] = event
			}
		}
		if len(kw) == 0 && !active && !all {
			return usagef("history of what? --tag, --package, --by and others say it, or --all; see \"kura history --help\"")
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "queryHistory", kw)
		if err != nil {
			return err
		}
		tables := client.AsMap(v)
		if tables == nil {
			tables = client.Map{}
		}
		list := changes(tables)
		if active {
			// Not asked of the hub, which would leave out what a change has put an
			// end to: it would look like a beginning.
			list = slices.DeleteFunc(list, func(c change) bool { return !c.inForce })
			for name := range tables {
				tables[name] = slices.DeleteFunc(tables.List(name), func(v any) bool { return !client.AsMap(v).Bool("active") })
			}
		}
		return a.show(tables, func(t *table) { a.historyTable(t, list, events) })
	}).cobra()
	return c
}

func (a *app) historyTable(t *table, list []change, events bool) {
	if len(list) == 0 {
		t.line("no changes")
		return
	}
	row := func(event any, cells ...any) {
		if events {
			cells = append([]any{event}, cells...)
		}
		t.row(cells...)
	}
	row("EVENT", "TIME", "WHO", "WHAT")
	for _, c := range list {
		row(c.event, a.when(c.time), c.who, c.what)
	}
}

// change is one thing that was done: a record came, went, or took another's
// place.
type change struct {
	event     int64
	time      time.Time
	who, what string
	inForce   bool
}

// changes reads the hub's answer, which is records by table, each with the
// event that made it and the one that revoked it. A record that was made at
// the event that revoked another one of the same thing is a change of it.
func changes(tables client.Map) []change {
	var out []change
	for name := range tables {
		tale := taleOf(name)
		records := slices.DeleteFunc(client.AsMaps(tables[name]), func(m client.Map) bool {
			return m.Int("create_event") == m.Int("revoke_event") // overtaken at once: it was never in force
		})
		old, next := map[string]client.Map{}, map[string]client.Map{}
		for _, m := range records {
			next[tale.key(m, m.Int("create_event"))] = m
			if gone := m.Int("revoke_event"); gone != 0 {
				old[tale.key(m, gone)] = m
			}
		}
		for _, m := range records {
			gone := m.Int("revoke_event")
			if asked(m, "_created_") {
				c := change{m.Int("create_event"), m.Time("create_ts"), m.Str("creator_name"), "", tale.lasts(m, next)}
				if was := old[tale.key(m, c.event)]; was != nil {
					c.what = tale.changed(was, m)
				} else {
					c.what = tale.begun(m)
				}
				if c.what != "" {
					out = append(out, c)
				}
			}
			if gone != 0 && next[tale.key(m, gone)] == nil && asked(m, "_revoked_") {
				out = append(out, change{gone, m.Time("revoke_ts"), m.Str("revoker_name"), fill(tale.gone, m), false})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b change) int {
		if a.event != b.event {
			return int(a.event - b.event)
		}
		return strings.Compare(a.what, b.what)
	})
	return out
}

// asked reports whether the making of a record, or its end, meets the
// conditions. Hubs give records of which either does, and mark which.
func asked(m client.Map, prefix string) bool {
	for name, v := range m {
		if strings.HasPrefix(name, prefix) && v == false {
			return false
		}
	}
	return true
}
