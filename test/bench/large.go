package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/test/rpmset"
)

// large measures how long a build is on its way into the private repository of a
// tag of 70,000 rpms: from the call that tags it until dnf sees it there.
func (b *bench) large() error {
	n := b.turns(70000, 3000)
	dir := filepath.Join(b.dir, "large")
	paths, err := rpmset.Make(b.ctx, dir, n, 11)
	if err != nil {
		return err
	}
	return b.each(func(h *hub, name string) error {
		if _, err := h.tags(); err != nil {
			return err
		}
		began := time.Now()
		if err := h.recordAll(dir, paths); err != nil {
			return err
		}
		fmt.Printf("# %d rpms recorded in %.0f s\n", n, time.Since(began).Seconds())
		work, wall, err := h.timedRepo(n)
		if err != nil {
			return err
		}
		say(fmt.Sprintf("large: the first repository of %d rpms, %s", n, name), seconds(wall), "s", fmt.Sprintf("%.2f s of the hub's processor time", seconds(work)))
		var all []time.Duration
		for i := range b.turns(7, 3) {
			took, err := h.untilSeen(i)
			if err != nil {
				return err
			}
			all = append(all, took)
		}
		say(fmt.Sprintf("large: tag to repository, %d rpms, %s", n, name), seconds(quantile(all, 0.5)), "s", fmt.Sprintf("median; the longest of %d %.2f s", len(all), seconds(quantile(all, 1))))
		began = time.Now()
		if err := h.dnfSees("seen0"); err != nil {
			return err
		}
		say("large: dnf's own reading of the metadata, "+name, seconds(time.Since(began)), "s", "with an empty cache")
		return nil
	})
}

// recordAll records packages as builds of the destination tag, without their bytes:
// no repository of theirs is asked for more than its metadata.
func (h *hub) recordAll(dir string, paths []string) error {
	ctx := h.b.ctx
	d, err := db.Open(ctx, h.records)
	if err != nil {
		return err
	}
	defer d.Close()
	var dest tag.Tag
	by := account.System
	bySource := map[string][]string{}
	var order []string
	for _, p := range paths {
		head, err := header(filepath.Join(dir, p))
		if err != nil {
			return err
		}
		s := head.Header.String(rpm.TagSourceRPM)
		if bySource[s] == nil {
			order = append(order, s)
		}
		bySource[s] = append(bySource[s], p)
	}
	for len(order) > 0 {
		part := order[:min(len(order), 200)]
		order = order[len(part):]
		err := d.Update(ctx, func(tx *db.Tx) (err error) {
			if dest, err = tag.Get(ctx, tx, tag.ByName("bench"), 0); err != nil {
				return err
			}
			for _, s := range part {
				if err := record(ctx, tx, by, dest, dir, s, bySource[s]); err != nil {
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

func header(path string) (*rpm.Package, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return rpm.Read(f)
}

// record makes one build of the packages in files and tags it.
func record(ctx context.Context, tx *db.Tx, by account.Actor, dest tag.Tag, dir, source string, paths []string) error {
	var all []*build.Incoming
	for _, p := range paths {
		raw, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			return err
		}
		in, err := incoming(raw, source)
		if err != nil {
			return err
		}
		all = append(all, in)
	}
	return recordBuild(ctx, tx, by, dest, source, all)
}

// incoming is a package as a builder or a person brings it.
func incoming(raw []byte, source string) (*build.Incoming, error) {
	pkg, err := rpm.Read(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	built, _ := pkg.Header.Int(rpm.TagBuildTime)
	return &build.Incoming{
		Name: pkg.NEVRA(), Source: source, Package: pkg, Blob: blob.Info{Sum: sha256.Sum256(raw), Size: int64(len(raw))},
		MD5: hex.EncodeToString(pkg.PayloadMD5()), Keys: []build.Signature{{Hash: strings.Repeat("0", 32)}}, Built: int64(built),
	}, nil
}

// recordBuild makes a complete build of packages and tags it.
func recordBuild(ctx context.Context, tx *db.Tx, by account.Actor, dest tag.Tag, source string, packages []*build.Incoming) error {
	n, err := rpm.ParseNVRA(source)
	if err != nil {
		return err
	}
	me, err := account.Get(ctx, tx, account.ByName("kojiadmin"))
	if err != nil {
		return err
	}
	b, err := build.Begin(ctx, tx, build.New{Name: n.Name, Version: n.Version, Release: n.Release, OwnerID: me.ID})
	if err != nil {
		return err
	}
	for _, in := range packages {
		if _, err := build.Attach(ctx, tx, b, in, nil); err != nil {
			return err
		}
	}
	if b, err = build.SetState(ctx, tx, b.ID, build.Complete); err != nil {
		return err
	}
	owner := account.ByID(me.ID)
	if err := tag.NewLists(nil).Add(ctx, tx, by, tag.ByID(dest.ID), tag.ByName(n.Name), tag.Entry{Owner: &owner}); err != nil {
		return err
	}
	return build.Tag(ctx, tx, by, b, dest, false)
}

// untilSeen tags a new build and waits until a repository lists it.
func (h *hub) untilSeen(i int) (took time.Duration, err error) {
	name := fmt.Sprintf("seen%d", i)
	if _, err := h.Call(h.b.ctx, "createEmptyBuild", name, "1", "1", nil); err != nil {
		return 0, err
	}
	file, data, err := synthetic(name, false)
	if err == nil {
		err = put(h, h.Hub, file, data)
	}
	if err != nil {
		return 0, err
	}
	me, err := h.Call(h.b.ctx, "getLoggedInUser")
	if err != nil {
		return 0, err
	}
	if _, err := h.Call(h.b.ctx, "packageListAdd", "bench", name, client.AsMap(me).Str("name")); err != nil {
		return 0, err
	}
	if err := h.newRepo(); err != nil { // the list of packages is a change of the tag as well
		return 0, err
	}
	began := time.Now()
	if _, err := h.Call(h.b.ctx, "tagBuildBypass", "bench", name+"-1-1"); err != nil {
		return 0, err
	}
	tagged := time.Since(began)
	if err := h.newRepo(); err != nil {
		return 0, err
	}
	took = time.Since(began)
	fmt.Printf("# tagged in %d ms, repository after %d ms\n", tagged.Milliseconds(), took.Milliseconds())
	return took, h.lists(name)
}

// newest gives the address of the build tag's newest repository.
func (h *hub) newest() (string, error) {
	v, err := h.Call(h.b.ctx, "getRepo", "bench-build")
	return fmt.Sprintf("repos/bench-build/%d/x86_64/", client.AsMap(v).Int("id")), err
}

// lists looks whether the newest repository's primary has a package.
func (h *hub) lists(name string) error {
	dir, err := h.newest()
	if err != nil {
		return err
	}
	to := filepath.Join(h.dir, "metadata")
	defer os.Remove(to)
	if err := h.Download(h.b.ctx, dir+"repodata/repomd.xml", to, nil); err != nil {
		return err
	}
	raw, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	md, err := repomd.ReadRepomd(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	d, _ := md.Find("primary")
	if err := errors.Join(os.Remove(to), h.Download(h.b.ctx, dir+d.Href, to, nil)); err != nil {
		return err
	}
	f, err := os.Open(to)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := repomd.Open(f)
	if err != nil {
		return err
	}
	defer z.Close()
	found := false
	err = repomd.Scan(z, repomd.Primary, func(it *repomd.Item) error {
		found = found || it.Name == name
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("the newest repository does not list %s", name)
	}
	return err
}

// dnfSees asks dnf, which has an empty cache, for a package.
func (h *hub) dnfSees(name string) error {
	dir, err := h.newest()
	if err != nil {
		return err
	}
	state, err := os.MkdirTemp(h.b.dir, "dnf-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	url := h.url + "/kojifiles/" + dir
	out, err := exec.CommandContext(h.b.ctx, "dnf", "--installroot", filepath.Join(state, "root"), "--setopt=reposdir="+state, "--setopt=cachedir="+filepath.Join(state, "cache"),
		"--setopt=logdir="+state, "--setopt=persistdir="+state, "--setopt=sslverify=0", "--releasever=1", "--disableplugin=*", "--repofrompath=test,"+url, "--repo=test",
		"-q", "repoquery", "--qf", "%{name}", name).CombinedOutput()
	if err == nil && !strings.Contains(string(out), name) {
		err = errors.New("dnf does not see the package")
	}
	if err != nil {
		return fmt.Errorf("dnf repoquery %s: %w: %s", name, err, out)
	}
	return nil
}
