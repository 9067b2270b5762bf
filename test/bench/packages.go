package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/kura-build/kura/client"
	format "github.com/kura-build/kura/format/rpm"
)

// filesEach is how many files a synthetic package has: about the median of a
// distribution's.
const filesEach = 20

// synthetic makes a package of small files that nobody else has.
func synthetic(name string, source bool) (file string, data []byte, err error) {
	p := format.Build{
		Name: name, Version: "1", Release: "1", Arch: "noarch", Source: source, Summary: "Package " + name, License: "MIT",
		Description: strings.Repeat("A package that was made to be counted. ", 10), URL: "https://example.org/" + name,
		Requires:  []format.Dep{{Name: "bash"}, {Name: "glibc", Flags: format.SenseGreater | format.SenseEqual, Version: "2.30"}},
		Changelog: []format.Change{{Time: 1700000000, Author: "A. U. Thor <author@example.org> - 1-1", Text: "- made"}},
	}
	text := name + "\n"
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	if source {
		p.Files = []format.File{{Path: name + ".spec", Mode: 0o644, Size: int64(len(text)), Flags: format.FileSpec, Open: open}}
	} else {
		for i := range filesEach {
			p.Files = append(p.Files, format.File{Path: fmt.Sprintf("/usr/share/%s/file%d", name, i), Mode: 0o644, Size: int64(len(text)), Open: open})
		}
	}
	var out bytes.Buffer
	_, err = p.WriteTo(&out)
	return p.FileName(), out.Bytes(), err
}

// put uploads a package and imports it.
func put(h *hub, c *client.Hub, file string, data []byte) error {
	if err := c.Upload(h.b.ctx, "bench", file, bytes.NewReader(data), int64(len(data)), nil); err != nil {
		return err
	}
	_, err := c.Call(h.b.ctx, "importRPM", "bench", file)
	return err
}

// sourceBuild makes a build of one source package and gives its name.
func (h *hub) sourceBuild(name string, i int) (string, error) {
	name = fmt.Sprintf("%s%d", name, i)
	file, data, err := synthetic(name, true)
	if err == nil {
		err = put(h, h.Hub, file, data)
	}
	return name + "-1-1", err
}
