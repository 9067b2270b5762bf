package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	hubtag "github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/test/harness"
)

const (
	imported  = 67 // packages: a source package, a binary one and a tagging each
	importers = 2
)

// The hub is killed at random moments while packages are imported and tagged
// by somebody who tries again whatever fails. Nothing is half there.
func TestImportsSurviveDeaths(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		p := newSite(t, harness.Options{Database: database})
		hub := p.start("hub")
		p.login()
		calls := []client.Invocation{client.Do("createTag", tag, client.Keywords{"arches": "x86_64"})}
		for i := range imported {
			calls = append(calls, client.Do("packageListAdd", tag, importName(i), "koji-user"))
		}
		p.must(harness.All(p.ctx, p.admin, calls...))

		var g errgroup.Group
		for k := range importers {
			h, err := p.site.As(p.ctx, harness.Admin)
			p.must(err)
			g.Go(func() error {
				w := &importer{place: p, hub: h}
				h.OnRetry = func(string, error, time.Duration) { w.repeated = true }
				for i := k; i < imported; i += importers {
					if err := w.one(i); err != nil {
						return fmt.Errorf("%s: %w", importName(i), err)
					}
				}
				return nil
			})
		}
		done := make(chan error, 1)
		go func() { done <- g.Wait() }()
		deaths := 0
		for alive := true; alive; {
			select {
			case err := <-done:
				p.must(err)
				alive = false
			case <-time.After(time.Duration(10+rand.IntN(200)) * time.Millisecond):
				hub.Kill()
				deaths++
				hub = p.start("hub")
			}
		}
		t.Logf("the hub died %d times", deaths)
		p.imports()
		p.sound()
	})
}

func importName(i int) string { return fmt.Sprintf("import%03d", i) }

// imports checks that everything is there, once.
func (p *place) imports() {
	p.Helper()
	p.until("all to be tagged", func() bool {
		tasks, err := p.admin.Maps(p.ctx, "listTasks", map[string]any{"state": []any{0, 1, 4}}, client.Keywords{})
		p.must(err)
		return len(tasks) == 0
	})
	p.records(func(tx *db.Tx) error {
		to, err := hubtag.Get(p.ctx, tx, hubtag.ByName(tag), 0)
		if err != nil {
			return err
		}
		for i := range imported {
			b, err := build.ByNVR(p.ctx, tx, rpm.NVR{Name: importName(i), Version: "1", Release: "1"})
			if err != nil {
				return err
			}
			rpms, err := build.ListRPMs(p.ctx, tx, build.RPMFilter{BuildID: b.ID})
			if err != nil {
				return err
			}
			tags, err := build.TagsOf(p.ctx, tx, b.ID, 0)
			if err != nil {
				return err
			}
			if b.State != build.Complete || len(rpms) != 2 || len(tags) != 1 || tags[0].ID != to.ID {
				p.Errorf("%s is %s with %d packages in %v", b.NVR(), b.State, len(rpms), tags)
			}
		}
		return nil
	})
}

// importer imports packages and tries again whatever fails.
type importer struct {
	*place
	hub      *client.Hub
	repeated bool // the client has sent something twice
}

func (w *importer) one(i int) error {
	b := &rpm.Build{
		Name: importName(i), Version: "1", Release: "1", Arch: "noarch", Source: true, Summary: "x", License: "MIT",
		Files: []rpm.File{{Path: "x.spec", Mode: 0o644, Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}},
	}
	if err := w.bring(b); err != nil {
		return err
	}
	binary := *b
	binary.Source, binary.Files = false, []rpm.File{{Path: "/usr/share/" + b.Name, Mode: 0o644, Size: 1, Open: b.Files[0].Open}}
	if err := w.bring(&binary); err != nil {
		return err
	}
	nvr := b.Name + "-1-1"
	method := []string{"tagBuild", "tagBuildBypass"}[i%2]
	return w.insist(func() error {
		_, err := w.hub.Call(w.ctx, method, tag, nvr)
		return err
	}, "already tagged")
}

// bring uploads a package and imports it.
func (w *importer) bring(b *rpm.Build) error {
	var data bytes.Buffer
	if _, err := b.WriteTo(&data); err != nil {
		return err
	}
	dir := client.UploadDir("import")
	err := w.insist(func() error {
		return w.hub.Upload(w.ctx, dir, b.FileName(), bytes.NewReader(data.Bytes()), int64(data.Len()), nil)
	}, "")
	if err != nil {
		return err
	}
	return w.insist(func() error {
		_, err := w.hub.Call(w.ctx, "importRPM", dir, b.FileName())
		return err
	}, "already exists")
}

// insist repeats what the hub may have carried out although its answer got
// lost: after a repetition it says so, or that it was done already.
func (w *importer) insist(do func() error, already string) error {
	w.repeated = false
	for {
		err := do()
		switch {
		case err == nil:
			return nil
		case kura.Is(err, kura.Retry):
		case already != "" && w.repeated && strings.Contains(err.Error(), already):
			return nil
		default:
			return err
		}
	}
}
