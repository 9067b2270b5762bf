package koji

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// headerArg gives an rpm of the hub's own with its header. Without strict, an
// rpm that is missing, foreign or deleted is nil.
func headerArg(ctx context.Context, c *Call, strict bool) (*build.RPM, *rpm.Header, error) {
	r, err := findRPM(ctx, c.Tx, c.Args.Any("rpmID"))
	var h *rpm.Header
	if err == nil {
		h, err = build.HeaderOf(ctx, c.Tx, r)
	}
	if err != nil {
		if !strict {
			err = missing(err)
		}
		return nil, nil, err
	}
	return r, h, nil
}

// listOf applies options to rows; as lists they have the members that columns
// names.
func listOf(o QueryOpts, rows []xmlrpc.Struct, columns ...string) (any, error) {
	if !o.AsList {
		return o.Apply(rows)
	}
	o.AsList = false
	got, err := o.Apply(rows)
	page, ok := got.([]xmlrpc.Struct)
	if err != nil || !ok {
		return got, err
	}
	lists := make([]any, len(page))
	for i, row := range page {
		list := make([]any, len(columns))
		for k, name := range columns {
			list[k], _ = member(row, name)
		}
		lists[i] = list
	}
	return lists, nil
}

// digestAlgos are Koji's names of the algorithms of files' digests.
var digestAlgos = map[int]string{1: "md5", 2: "sha1", 3: "ripemd160", 5: "md2", 6: "tiger192", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}

func fileStruct(h *rpm.Header, f *rpm.FileInfo) xmlrpc.Struct {
	algo, ok := digestAlgos[h.DigestAlgo()]
	if !ok {
		algo = "unknown"
	}
	return record("name", f.Path(), "digest", f.Digest, "digest_algo", algo, "md5", f.Digest, "size", int64(f.Size),
		"flags", int64(f.Flags), "user", f.User, "group", f.Group, "mtime", int64(f.MTime), "mode", int64(f.Mode))
}

func (Builds) rpmFiles(ctx context.Context, c *Call) (any, error) {
	o := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, h, err := headerArg(ctx, c, false)
	if err != nil || h == nil {
		return emptyOr(o, err)
	}
	files, err := h.Files()
	if err != nil {
		return nil, kura.E("koji.listRPMFiles", err)
	}
	rows := make([]xmlrpc.Struct, len(files))
	for i := range files {
		rows[i] = fileStruct(h, &files[i])
	}
	return listOf(o, rows, "name", "digest", "size", "flags", "digest_algo", "user", "group", "mtime", "mode")
}

func emptyOr(o QueryOpts, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return o.Apply(nil)
}

// rpmFile gives one file of an rpm; an empty struct if it is not there.
func (Builds) rpmFile(ctx context.Context, c *Call) (any, error) {
	name, strict := c.Args.String("filename"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, h, err := headerArg(ctx, c, strict)
	if err != nil || h == nil {
		return xmlrpc.Struct{}, err
	}
	files, err := h.Files()
	if err != nil {
		return nil, kura.E("koji.getRPMFile", err)
	}
	at := slices.IndexFunc(files, func(f rpm.FileInfo) bool { return f.Path() == name })
	switch {
	case at >= 0:
		return append(fileStruct(h, &files[at]), xmlrpc.Member{Name: "rpm_id", Value: r.ID}), nil
	case strict:
		return nil, kura.Errorf("koji.getRPMFile", kura.NotFound, "No file: %s found in RPM: %s", name, r.NVRA())
	}
	return xmlrpc.Struct{}, nil
}

// depKinds are in the order of Koji's answers.
var depKinds = []rpm.DepKind{rpm.Requires, rpm.Provides, rpm.Conflicts, rpm.Obsoletes, rpm.Suggests, rpm.Enhances, rpm.Supplements, rpm.Recommends}

func (Builds) rpmDeps(ctx context.Context, c *Call) (any, error) {
	kind, strict, o := c.Args.OptInt("depType"), c.Args.Bool("strict"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, h, err := headerArg(ctx, c, strict)
	if err != nil || h == nil {
		return emptyOr(o, err)
	}
	rows := []xmlrpc.Struct{}
	for _, k := range depKinds {
		if kind != nil && *kind != int64(k) {
			continue
		}
		deps, err := h.Deps(k)
		if err != nil {
			return nil, kura.E("koji.getRPMDeps", err)
		}
		for _, d := range deps {
			rows = append(rows, record("name", d.Name, "version", d.Version, "flags", int64(d.Flags), "type", int(k)))
		}
	}
	return listOf(o, rows, "name", "version", "flags", "type")
}

// taskFile reads the head of a package among a task's files.
func (h Builds) taskFile(ctx context.Context, c *Call, op string) (*rpm.Package, error) {
	id, path := c.Args.Int("taskID"), optText(c.Args, "filepath")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	switch {
	case path == "":
		return nil, kura.Errorf(op, kura.Invalid, "filepath must be specified with taskID")
	case file.Check(path) != nil:
		return nil, kura.Errorf(op, kura.Invalid, "Invalid filepath: %s", path)
	}
	p, err := build.HeadAt(ctx, c.Tx, h.Blobs, file.Join(taskDir(id), path))
	if kura.Is(err, kura.NotFound) {
		err = kura.Errorf(op, kura.NotFound, "Missing rpm file: %s of task %d", path, id)
	}
	return p, err
}

// changelog gives the changes of a build's source package, or of a package
// that a task made; the newest first, unless an order is asked for.
func (h Builds) changelog(ctx context.Context, c *Call) (any, error) {
	const op = "koji.getChangelogEntries"
	a, o, strict := c.Args, c.Args.QueryOpts(), c.Args.Bool("strict")
	author, before, after := optText(a, "author"), a.instant("before")/1e6, a.instant("after")/1e6
	if err := a.Err(); err != nil {
		return nil, err
	}
	var head *rpm.Header
	var err error
	switch {
	case truthy(a.Any("buildID")):
		head, err = sourceHeader(ctx, c)
	case truthy(a.Any("taskID")):
		var p *rpm.Package
		if p, err = h.taskFile(ctx, c, op); err == nil {
			head = p.Header
		}
	default:
		return nil, kura.Errorf(op, kura.Invalid, "either buildID or taskID and filepath must be specified")
	}
	if err != nil {
		if !strict {
			err = missing(err)
		}
		return emptyOr(o, err)
	}
	changes, err := head.Changelog()
	if err != nil {
		return nil, kura.E(op, err)
	}
	rows := []xmlrpc.Struct{}
	for _, ch := range changes {
		if author != "" && ch.Author != author || before != 0 && ch.Time >= before || after != 0 && ch.Time <= after {
			continue
		}
		rows = append(rows, record("date", time.Unix(ch.Time, 0).UTC().Format("2006-01-02 15:04:05"), "date_ts", ch.Time, "author", ch.Author, "text", ch.Text))
	}
	for i, name := range o.Order {
		o.Order[i] = strings.Replace(name, "date", "date_ts", 1)
		if strings.HasSuffix(name, "_ts") {
			o.Order[i] = name
		}
	}
	return listOf(o, rows, "date", "author", "text")
}

func sourceHeader(ctx context.Context, c *Call) (*rpm.Header, error) {
	b, err := buildArg(ctx, c, "buildID")
	if err != nil {
		return nil, err
	}
	return build.SourceHeader(ctx, c.Tx, b)
}
