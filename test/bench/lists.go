package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	format "github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// question is a call and what Koji's own hub did with it: calls a second of
// eight sides, and milliseconds of processor time of the hub, not of its
// database. It had four workers, and no TLS.
type question struct {
	name   string
	method string
	params func(i int) []any
	rate   float64
	work   float64

	session bool // somebody asks who is known
}

// chain is how many tags lie above the one with the builds.
const chain = 10

func questions(builds int) []question {
	always := func(p ...any) func(int) []any { return func(int) []any { return p } }
	top := fmt.Sprintf("bench-c%d", chain)
	pkg := func(i int) string { return fmt.Sprintf("bpkg%05d", 1+i*7919%builds) }
	return []question{
		{"getAPIVersion", "getAPIVersion", always(), 1195.2, 0.61, false},
		{"getAPIVersion in a session", "getAPIVersion", always(), 278.8, 1.77, true},
		{"getTag", "getTag", always("bench"), 803.1, 0.78, false},
		{"getBuild", "getBuild", func(i int) []any { return []any{pkg(i) + "-1-1"} }, 443.0, 0.89, false},
		{"listTagged", "listTagged", always("bench"), 1.7, 113.33, false},
		{"listTagged, inherited", "listTagged", always(top, map[string]any{"inherit": true, "__starstar": true}), 1.9, 120, false},
		{"getLatestBuilds", "getLatestBuilds", always("bench"), 2.2, 110, false},
		{"getLatestBuilds of a package", "getLatestBuilds", func(i int) []any {
			return []any{top, map[string]any{"package": pkg(i), "__starstar": true}}
		}, 16, 7.33, false},
		{"listTaggedRPMS", "listTaggedRPMS", always("bench"), 0.6, 357.5, false},
		{"getLatestRPMS", "getLatestRPMS", always("bench"), 0.8, 365, false},
		{"getFullInheritance", "getFullInheritance", always(top), 101, 2.43, false},
		{"multiCall of 100 getBuild", "multiCall", func(i int) []any {
			var calls []any
			for j := range 100 {
				calls = append(calls, map[string]any{"methodName": "getBuild", "params": []any{pkg(i*100+j) + "-1-1"}})
			}
			return []any{calls}
		}, 6.1, 30.83, false},
	}
}

// lists measures how fast a hub answers when nobody changes anything, and how
// fast it makes the long answers when everybody does.
func (b *bench) lists() error {
	n := b.turns(5000, 200)
	return b.each(func(h *hub, name string) error {
		if _, err := h.tags(); err != nil {
			return err
		}
		if err := h.chain(); err != nil {
			return err
		}
		if err := h.recordMany(n); err != nil {
			return err
		}
		if err := h.settle(); err != nil {
			return err
		}
		c, err := h.asked()
		if err != nil {
			return err
		}
		defer c.close()
		other, err := b.other()
		if err != nil {
			return err
		}
		defer other.close()
		for _, q := range questions(n) {
			if !strings.Contains(q.name, b.call) {
				continue
			}
			rate, work, err := c.answers(q, nil)
			if err != nil {
				return err
			}
			if b.beside != "" && (!q.session || len(other.sessions) > 0) {
				theirs, spent, err := other.answers(q, nil)
				if err != nil {
					return err
				}
				say(q.name+", "+name, rate, "/s", fmt.Sprintf("%.1f times the %.1f of the hub beside it; %.2f ms of processor time, its %.2f over it %.1f", rate/theirs, theirs, millis(work), millis(spent), millis(spent)/millis(work)))
				continue
			}
			say(q.name+", "+name, rate, "/s", fmt.Sprintf("%.1f times upstream's %.1f; %.2f ms of processor time, upstream's over it %.0f", rate/q.rate, q.rate, millis(work), q.work/millis(work)))
		}
		var n atomic.Int64
		for _, q := range questions(b.turns(5000, 200))[4:10] {
			if !strings.Contains(q.name, b.call) {
				continue
			}
			rate, work, err := c.answers(q, func() error { // nothing that was kept is of use
				_, err := h.Call(b.ctx, "createTag", fmt.Sprintf("change%d", n.Add(1)))
				return err
			})
			if err != nil {
				return err
			}
			say(q.name+", after a change, "+name, rate, "/s", fmt.Sprintf("one side; %.2f ms of processor time, upstream's over it %.0f", millis(work), q.work/millis(work)))
		}
		made, err := h.rate(client.Do("makeTask", "sleep", []any{1}, client.Keywords{"priority": 19, "arch": "noarch"}), true, 8)
		if err != nil {
			return err
		}
		say("makeTask, "+name, made, "/s", "goal 500 on PostgreSQL; upstream 62")
		say("memory of the hub, "+name, float64(h.resident())/1024, "MiB", "goal 150")
		var starts []time.Duration
		for range b.turns(5, 1) {
			took, err := h.again()
			if err != nil {
				return err
			}
			starts = append(starts, took)
		}
		say("start to first answer, "+name, millis(quantile(starts, .5)), "ms", fmt.Sprintf("the longest of %d %.0f; goal 300, upstream 2,200", len(starts), millis(quantile(starts, 1))))
		return nil
	})
}

// chain makes tags above the one with the builds.
func (h *hub) chain() error {
	below := "bench"
	for i := range chain {
		name := fmt.Sprintf("bench-c%d", i+1)
		if _, err := h.Call(h.b.ctx, "createTag", name, client.Keywords{"parent": below}); err != nil {
			return err
		}
		below = name
	}
	return nil
}

// recordMany records builds of four small packages each, without their bytes.
func (h *hub) recordMany(n int) error {
	ctx := h.b.ctx
	d, err := db.Open(ctx, h.records)
	if err != nil {
		return err
	}
	defer d.Close()
	for first := 1; first <= n; first += 100 {
		err := d.Update(ctx, func(tx *db.Tx) error {
			dest, err := tag.Get(ctx, tx, tag.ByName("bench"), 0)
			if err != nil {
				return err
			}
			for i := first; i < first+100 && i <= n; i++ {
				source, all, err := four(fmt.Sprintf("bpkg%05d", i))
				if err != nil {
					return err
				}
				if err := recordBuild(ctx, tx, account.System, dest, source, all); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settle waits until the hub has told its bus of all that was recorded.
func (h *hub) settle() error {
	for used := h.cpu(); ; {
		select {
		case <-h.b.ctx.Done():
			return h.b.ctx.Err()
		case <-time.After(2 * time.Second):
		}
		now := h.cpu()
		if now-used < 100*time.Millisecond {
			return nil
		}
		used = now
	}
}

// four are a source package and three that were built of it.
func four(name string) (source string, all []*build.Incoming, err error) {
	source = name + "-1-1.src.rpm"
	for _, arch := range []string{"src", "x86_64", "aarch64", "noarch"} {
		p := format.Build{Name: name, Version: "1", Release: "1", Arch: arch, Summary: "Package " + name, License: "MIT"}
		switch arch {
		case "src":
			p.Arch, p.Source = "noarch", true
		case "noarch":
			p.Name += "-data"
		}
		if !p.Source {
			p.SourceRPM = source
		}
		var raw bytes.Buffer
		if _, err := p.WriteTo(&raw); err != nil {
			return "", nil, err
		}
		in, err := incoming(raw.Bytes(), source)
		if err != nil {
			return "", nil, err
		}
		all = append(all, in)
	}
	return source, all, nil
}

// resident is the hub's memory in KiB.
func (h *hub) resident() (kib int) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	_, _ = fmt.Sscan(rest, &kib)
	return kib
}
