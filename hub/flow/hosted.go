package flow

import (
	"context"
	"io"
	"path"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/pom"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// Delivery is what one of Koji's own builders, which run whole builds, brings
// of one. Paths are below work/.
type Delivery struct {
	Host, Task int64 // who brings it, for which task that runs there
	Build      int64
	Complete   bool // the build is complete with it; otherwise it is already
	More       bool // nor is it yet: more will come

	Packages []Package
	Archives []Archive
	Plain    []Plain
}

// Package is an rpm of a delivery.
type Package struct {
	Path  string
	Root  *int64
	Wraps bool // other files of the build: it is called as it likes
}

// Archive is another file of a delivery.
type Archive struct {
	Path string
	*build.Archive
	Holds []build.Component // the packages in an image
}

// Plain is a file of a delivery of which no record is kept: a log.
type Plain struct {
	Path   string
	To     string // below the build's directory
	Maven  bool   // Maven wants checksums beside it
	Either string // where it goes instead, if something is there
}

// arrived are the verified files of a delivery, in its order.
type arrived struct {
	packages []*build.Incoming
	archives []*build.Stored
	plain    []*build.Stored
}

// Deliver makes what a builder brings the build's: all of it, or nothing.
func (f *Flow) Deliver(ctx context.Context, d Delivery) (b *build.Build, err error) {
	if err := f.db.View(ctx, func(tx *db.Tx) error { return task.Runs(ctx, tx, d.Task, d.Host) }); err != nil {
		return nil, err
	}
	got, err := f.verify(ctx, &d)
	if err != nil {
		return nil, err
	}
	err = f.db.Update(ctx, func(tx *db.Tx) error {
		if _, err := task.HoldOf(ctx, tx, d.Task, d.Host); err != nil {
			return err
		}
		if b, err = f.deliverable(ctx, tx, &d); err != nil {
			return err
		}
		if err := f.put(ctx, tx, b, &d, got); err != nil {
			return err
		}
		if !d.Complete {
			b, err = build.Get(ctx, tx, b.ID)
			return err
		}
		if b, err = build.SetState(ctx, tx, b.ID, build.Complete); err != nil {
			return err
		}
		if err := f.SettleVolume(ctx, tx, account.System, b, false); err != nil {
			return err
		}
		b, err = build.Get(ctx, tx, b.ID)
		return err
	})
	return b, err
}

// deliverable gives the build, if it is one that something can be brought to.
func (f *Flow) deliverable(ctx context.Context, tx *db.Tx, d *Delivery) (*build.Build, error) {
	const op = "flow.Deliver"
	b, err := build.Get(ctx, tx, d.Build)
	if err != nil {
		return nil, err
	}
	begun := d.Complete || d.More
	switch {
	case begun && b.State != build.Building:
		return nil, kura.Errorf(op, kura.Conflict, "Unable to complete build: state is %s", b.State)
	case begun && (b.TaskID == nil || *b.TaskID != d.Task):
		return nil, kura.Errorf(op, kura.Conflict, "Unable to complete build: task_id mismatch: build %s is not of task %d", b.NVR(), d.Task)
	case !begun && b.State != build.Complete:
		return nil, kura.Errorf(op, kura.Conflict, "cannot import wrapper rpms for %s: build state is %s, not complete", b.NVR(), strings.ToLower(b.State.String()))
	}
	return b, nil
}

// verify reads all files, outside of any transaction. Of noarch packages that
// several arches brought, the first is left.
func (f *Flow) verify(ctx context.Context, d *Delivery) (*arrived, error) {
	got := &arrived{}
	var once build.Once
	kept := d.Packages[:0]
	for _, p := range d.Packages {
		info, err := f.sealed(ctx, p.Path)
		if err != nil {
			return nil, err
		}
		in, err := build.Inspect(ctx, f.blobs, info, path.Base(p.Path))
		if err != nil {
			return nil, err
		}
		first, err := once.Take(in)
		if err != nil {
			return nil, err
		}
		if first {
			kept, got.packages = append(kept, p), append(got.packages, in)
		}
	}
	d.Packages = kept
	for _, a := range d.Archives {
		info, err := f.sealed(ctx, a.Path)
		if err != nil {
			return nil, err
		}
		s := &build.Stored{Blob: info}
		a.Size, a.Checksum, a.ChecksumType = info.Size, info.Sum.String(), build.SHA256
		if a.Maven != nil {
			err = s.ForMaven(ctx, f.blobs, a.Archive)
		}
		if err != nil {
			return nil, err
		}
		got.archives = append(got.archives, s)
	}
	for _, p := range d.Plain {
		info, err := f.sealed(ctx, p.Path)
		if err != nil {
			return nil, err
		}
		s := &build.Stored{Blob: info}
		if p.Maven {
			if s.Beside, err = build.MavenSums(ctx, f.blobs, info); err != nil {
				return nil, err
			}
		}
		got.plain = append(got.plain, s)
	}
	return got, nil
}

// sealed gives the bytes of a file below work/.
func (f *Flow) sealed(ctx context.Context, name string) (blob.Info, error) {
	return upload.Seal(ctx, f.db, f.blobs, name)
}

func (f *Flow) put(ctx context.Context, tx *db.Tx, b *build.Build, d *Delivery, got *arrived) error {
	for i, p := range d.Packages {
		if p.Root != nil {
			if _, err := build.GetBuildroot(ctx, tx, *p.Root); err != nil {
				return err
			}
		}
		attach := build.Attach
		if p.Wraps {
			attach = build.Wrap
		}
		if _, err := attach(ctx, tx, b, got.packages[i], p.Root); err != nil {
			return err
		}
	}
	for i, a := range d.Archives {
		record := *a.Archive
		if err := build.AddArchive(ctx, tx, b, &record, got.archives[i]); err != nil {
			return err
		}
		if err := build.ContainsComponents(ctx, tx, record.ID, a.Holds); err != nil {
			return err
		}
	}
	for i, p := range d.Plain {
		to := file.Join(b.Path(), p.To)
		if p.Either != "" {
			if _, err := file.Lstat(ctx, tx, to); err == nil {
				to = file.Join(b.Path(), p.Either)
			}
		}
		if err := got.plain[i].Put(ctx, tx, to); err != nil {
			return err
		}
	}
	return nil
}

// POMOf reads how Maven calls what an uploaded .pom file describes.
func (f *Flow) POMOf(ctx context.Context, name string) (build.Maven, error) {
	info, err := f.sealed(ctx, name)
	if err != nil {
		return build.Maven{}, err
	}
	r, err := f.blobs.Open(ctx, info.Sum)
	if err != nil {
		return build.Maven{}, kura.E("flow.POMOf", err)
	}
	defer r.Close()
	n, err := pom.Read(io.LimitReader(io.NewSectionReader(r, 0, info.Size), build.MaxPOM))
	if err != nil {
		return build.Maven{}, kura.Errorf("flow.POMOf", kura.Invalid, "%s: %w", name, err)
	}
	return build.Maven(n), nil
}

// Scratch puts files where those of scratch builds are found, below
// scratch/OWNER/task_ID: each upload under the name it is to have there.
func (f *Flow) Scratch(ctx context.Context, host, held int64, files map[string]string) error {
	stored := map[string]blob.Info{}
	for to, from := range files {
		info, err := f.sealed(ctx, from)
		if err != nil {
			return err
		}
		stored[to] = info
	}
	return f.db.Update(ctx, func(tx *db.Tx) error {
		if _, err := task.HoldOf(ctx, tx, held, host); err != nil {
			return err
		}
		t, err := task.Get(ctx, tx, held)
		if err != nil {
			return err
		}
		who, err := ownerOf(ctx, tx, t)
		if err != nil {
			return err
		}
		for to, info := range stored {
			if err := file.Replace(ctx, tx, file.Join("scratch", who.Name, to), info); err != nil {
				return err
			}
		}
		return nil
	})
}
