package rest

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// headersView are fields of a package's headers.
type headersView struct {
	Headers map[string]any `json:"headers" doc:"as they were called: numbers, texts, lists of these, bytes in base64, or null for what the package lacks"`
}

// Fields names fields of a package's headers.
type Fields struct {
	Names []string `query:"names" required:"true" minItems:"1" maxItems:"100" doc:"by rpm's names, in any case, with commas between them: license, buildtime, filesizes"`
}

func (in *Fields) of(p *rpm.Package) (v headersView, err error) {
	v.Headers, err = build.Fields(p, in.Names)
	return v, err
}

// sumsView are the checksums of a package as it is signed with a key.
type sumsView struct {
	Key  string            `json:"key" doc:"the last 8 digits of the key; empty: unsigned"`
	Sums map[string]string `json:"checksums" doc:"by kind"`
}

// externalRPM is a package that somebody else keeps.
type externalRPM struct {
	Epoch *int64    `json:"epoch,omitempty" minimum:"0"`
	Size  int64     `json:"size" minimum:"0" doc:"bytes"`
	MD5   string    `json:"payload_md5" pattern:"^[0-9a-f]{32}$" doc:"of header and payload, as its repository gives it"`
	Built time.Time `json:"build_time"`
}

// rpmFacts registers what is asked about packages besides their records, and the
// packages of others.
func (s *Server) rpmFacts() {
	read(s, "get-rpm-file", func(ctx context.Context, c *call, in *struct {
		InRPM
		Path string `query:"path" required:"true" minLength:"1" doc:"of the file, as the package has it"`
	}) (v fileView, err error) {
		h, err := in.header(ctx, c)
		if err != nil {
			return v, err
		}
		all, err := h.Files()
		if err != nil {
			return v, kura.E("rest.rpmFile", err)
		}
		at := slices.IndexFunc(all, func(f rpm.FileInfo) bool { return f.Path() == in.Path })
		if at < 0 {
			return v, kura.Errorf("rest.rpmFile", kura.NotFound, "No file: %.500s found in RPM: %.200s", in.Path, in.RPM)
		}
		return viewFile(all[at]), nil
	})
	read(s, "get-rpm-headers", func(ctx context.Context, c *call, in *struct {
		InRPM
		Fields
	}) (v headersView, err error) {
		r, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		main, err := build.HeaderOf(ctx, c.tx, r)
		if err != nil {
			return v, err
		}
		p, err := build.HeadOf(ctx, c.tx, s.Blobs, r, main, in.Names)
		if err != nil {
			return v, err
		}
		return in.of(p)
	})
	read(s, "get-task-rpm-headers", func(ctx context.Context, c *call, in *struct {
		InTask
		Fields
		File string `query:"file" required:"true" minLength:"1" doc:"a package among the task's files, by its name there"`
	}) (v headersView, err error) {
		const op = "rest.taskRPM"
		if _, err := task.Get(ctx, c.tx, in.Task); err != nil {
			return v, err
		}
		if file.Check(in.File) != nil {
			return v, kura.Errorf(op, kura.Invalid, "file %.200q is no name of a task's file", in.File)
		}
		p, err := build.HeadAt(ctx, c.tx, s.Blobs, file.Join("work", flow.TaskDir(in.Task), in.File))
		if err != nil {
			return v, err
		}
		return in.of(p)
	})
	read(s, "list-rpm-checksums", func(ctx context.Context, c *call, in *struct {
		InRPM
		Kinds []string `query:"kinds" enum:"md5,sha1,sha256,sha512" default:"sha256" doc:"with commas between them"`
	}) (page pageOf[sumsView], err error) {
		r, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := build.Sums(ctx, c.tx, s.Blobs, r, in.Kinds, false)
		page.Items = []sumsView{}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			page.Items = append(page.Items, sumsView{key, all[key]})
		}
		return page, err
	})
	write(s, "put-external-rpm", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InRepo
		RPM  string `path:"rpm" doc:"the package's name-version-release.arch"`
		Body externalRPM
	}) (v rpmView, err error) {
		const op = "rest.externalRPM"
		n, err := rpm.ParseNVRA(in.RPM)
		if err != nil || n.Location != "" {
			return v, kura.Errorf(op, kura.Invalid, "%.200q is no name-version-release.arch", in.RPM)
		}
		r, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(in.Repo), 0)
		if err != nil {
			return v, err
		}
		b := &in.Body
		err = build.AddExternalRPM(ctx, c.tx, build.Component{Name: n.Name, Version: n.Version, Release: n.Release, Arch: n.Arch, Epoch: b.Epoch,
			SigMD5: b.MD5, Size: b.Size, BuildTime: b.Built.Unix(), ExternalRepoID: r.ID}, r.Name, false)
		if err != nil {
			return v, err
		}
		n.Location = r.Name
		found, err := build.FindRPMs(ctx, c.tx, n)
		if err == nil && len(found) == 0 {
			err = kura.Errorf(op, kura.Other, "rpm %s is not there after it was recorded", in.RPM)
		}
		if err != nil {
			return v, err
		}
		return viewRPM(found[0]), nil
	})
}
