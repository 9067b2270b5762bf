package repomd

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kura-build/kura/format/rpm"
)

func dep(name string, flags rpm.Sense, version string) rpm.Dep {
	return rpm.Dep{Name: name, Flags: flags, Version: version}
}

// edges are packages that sit on the subtle points of what the fields mean.
func edges() []*rpm.Build {
	var out []*rpm.Build
	add := func(name string, change func(*rpm.Build)) {
		b := &rpm.Build{
			Name: name, Version: "1.0", Release: "1", Arch: "noarch", Summary: "Summary of " + name, Description: "D",
			License: "MIT", URL: "https://e.example", Vendor: "V", Packager: "P", BuildTime: 1700000000, Compression: "gzip",
		}
		change(b)
		out = append(out, b)
	}
	// In the given order, where the writer would sort.
	requires := func(b *rpm.Build, deps ...rpm.Dep) {
		b.Extend = func(h *rpm.HeaderBuilder) {
			var ns, vs []string
			var fs []uint32
			for _, d := range deps {
				ns, vs, fs = append(ns, d.Name), append(vs, d.Version), append(fs, uint32(d.Flags))
			}
			h.SetStrings(rpm.TagRequireName, ns...)
			h.SetStrings(rpm.TagRequireVersion, vs...)
			h.SetInt32(rpm.TagRequireFlags, fs...)
		}
	}
	add("edge-plain", func(*rpm.Build) {})
	add("edge-epoch", func(b *rpm.Build) {
		three := uint32(3)
		b.Epoch = &three
		b.Provides = []rpm.Dep{dep("a", 8, "0:1"), dep("b", 8, ":1"), dep("c", 8, "1:2-3-4"), dep("d", 12, "1.0-"), dep("e", 0, "1.0"), dep("f", 8, ""), dep("g", 8, "x:1"), dep("h", 14, "1"), dep("i", 6, "1"), dep("j", 8, "007:1"), dep("k", 8, " 1:1"), dep("l", 8, "-1:1")}
	})
	for i, e := range []uint32{0, 4294967295} {
		add(fmt.Sprint("edge-epoch", i), func(b *rpm.Build) { b.Epoch = &e })
	}
	add("edge-pre", func(b *rpm.Build) {
		var deps []rpm.Dep
		for i, bit := range []int{0, 6, 7, 9, 10, 11, 12, 5, 8, 14, 13, 24} {
			deps = append(deps, rpm.Dep{Name: fmt.Sprint("pre", i), Flags: 1 << bit}, rpm.Dep{Name: fmt.Sprint("prev", i), Flags: 1<<bit | 12, Version: "2:1.0-3"})
		}
		requires(b, deps...)
	})
	add("edge-dupreq", func(b *rpm.Build) {
		b.Files = []rpm.File{{Path: "/usr/bin/own"}, {Path: "/usr/share/own"}}
		requires(b, dep("x", 8, "1"), dep("x", 8, "1"), dep("x", 8, "2"), dep("x", 8, "1"), dep("x", 8|1<<9, "1"),
			dep("edge-dupreq", 8, "1.0-1"), dep("edge-dupreq", 12, "1.0-1"), dep("/usr/bin/own", 0, ""), dep("/usr/share/own", 0, ""),
			dep("/bin/sh", 1<<9, ""), dep("/bin/sh", 1<<10, ""), dep("/bin/sh", 0, ""), dep("y", 0, ""), dep("y", 0, "1"), dep("rpmlib(X)", 10, "1"))
	})
	libc := func(names ...string) func(*rpm.Build) {
		return func(b *rpm.Build) {
			deps := []rpm.Dep{dep("aaa", 0, "")}
			for _, n := range names {
				deps = append(deps, rpm.Dep{Name: "libc.so.6" + n, Flags: 16384})
			}
			requires(b, append(deps, rpm.Dep{Name: "zzz"}, rpm.Dep{Name: "libm.so.6()(64bit)", Flags: 16384})...)
		}
	}
	add("edge-libc1", libc("(GLIBC_2.2.5)(64bit)", "(GLIBC_2.34)(64bit)", "(GLIBC_2.4)(64bit)", "(GLIBC_2.38)(64bit)", "(GLIBC_ABI_DT_RELR)(64bit)", "(GLIBC_PRIVATE)(64bit)", "()(64bit)", ""))
	add("edge-libc2", libc("", "(GLIBC_2.10)", "(GLIBC_2.9)"))
	add("edge-libc3", libc("()(64bit)", "(GLIBC_PRIVATE)(64bit)"))
	add("edge-rich", func(b *rpm.Build) {
		b.Requires = []rpm.Dep{dep("(foo >= 1.0 with foo < 2.0)", 0, ""), dep("(a if b else c)", 0, "")}
		b.Recommends = []rpm.Dep{dep("(r1 or r2)", 0, ""), dep("r3", 12, "1:1-1"), dep("r3", 12, "1:1-1")}
		b.Suggests, b.Enhances = []rpm.Dep{dep("s", 8, "1")}, []rpm.Dep{dep("e", 2, "5")}
		b.Supplements = []rpm.Dep{dep("(glibc and langpacks-cs)", 0, "")}
		b.Conflicts, b.Obsoletes = []rpm.Dep{dep("c", 2, "5"), dep("rpmlib(X)", 0, "")}, []rpm.Dep{dep("o", 10, "5-1"), dep("o", 10, "5-1")}
	})
	add("edge-missingok", func(b *rpm.Build) {
		b.Requires = []rpm.Dep{dep("soft", 1<<19, ""), dep("hard", 0, "")}
		b.Recommends = []rpm.Dep{dep("also", 0, "")}
	})
	add("edge-xml", func(b *rpm.Build) {
		b.Summary = "a < b & c > d \"quoted\" 'apos' tab\there\r\nnl"
		b.Description = "]]> &amp; <![CDATA[x]]>\n\n  trailing spaces  \n\ttab\r\nCRLF\nélève žluťoučký 日本 \u00a0 \u2028 \U0001F600"
		b.URL = "https://e.example/?a=1&b=2\"<>"
		b.Provides = []rpm.Dep{dep("attr<>&\"'\t\n\r end é", 8, "1.0<>&\"")}
		b.Files = []rpm.File{{Path: "/usr/share/a&b/<f> \"q\" 'x'\ttab\nnl é"}, {Path: "/usr/share/a&b/cr\rx"}}
		b.Changelog = []rpm.Change{{Time: 1700000000, Author: "Žák <z@x> - 1:1 & \"q\"   ", Text: "- <b>&amp;\n\ttab\r\n"}}
	})
	add("edge-latin1", func(b *rpm.Build) {
		b.Summary, b.Packager, b.Vendor = "caf\xe9 na\xefve \x80\x99 x", "P\xe9", "\xe9"
		b.Description = "mixed ok \xc3\xa9 bad \xff \xfe \xa0 end"
		b.Provides = []rpm.Dep{dep("prov\xe9", 8, "1\xe9")}
		b.Files = []rpm.File{{Path: "/usr/share/\xe9t\xe9/f\xfc"}}
		b.Changelog = []rpm.Change{{Time: 1700000000, Author: "J\xf6rg <j@x> - 1", Text: "- \xfc\xf6 text"}}
	})
	add("edge-files", func(b *rpm.Build) {
		dir := uint32(rpm.ModeDir | 0o755)
		b.Files = []rpm.File{
			{Path: "/etc", Mode: dir}, {Path: "/bin/a"}, {Path: "/etc/conf", Flags: rpm.FileConfig}, {Path: "/etc/dir", Mode: dir},
			{Path: "/etc/dir/ghost", Flags: rpm.FileGhost}, {Path: "/etc/ghostdir", Mode: dir, Flags: rpm.FileGhost}, {Path: "/opt/sbin/x"},
			{Path: "/opt/cabin/x"}, {Path: "/srv/robin/sub/y", LinkTo: "z", Mode: 0o777}, {Path: "/usr/lib/sendmail", LinkTo: "z", Mode: 0o777},
			{Path: "/usr/lib64/sendmail"}, {Path: "/usr/bin", Mode: dir}, {Path: "/usr/share/doc", Mode: dir, Flags: rpm.FileDoc},
			{Path: "/dev/null0", Mode: rpm.ModeChar | 0o666}, {Path: "/run/sock", Mode: rpm.ModeSocket | 0o666, Flags: rpm.FileGhost}, {Path: "/usr/etc/x"},
		}
	})
	add("edge-changelog", func(b *rpm.Build) {
		for i := range 25 {
			b.Changelog = append(b.Changelog, rpm.Change{Time: int64(1700000000 - i/3*86400), Author: fmt.Sprintf("A B <a@b> - %d   ", i), Text: fmt.Sprintf("- e%d", i)})
		}
	})
	add("edge-changelog2", func(b *rpm.Build) {
		b.Changelog = []rpm.Change{{Time: 1000, Author: "  ", Text: "- x"}, {Time: 2000, Author: "x"}, {Time: 2000, Author: "y", Text: "z"}, {Time: 2000, Author: "y", Text: "z2"}, {Time: 2001, Author: "z", Text: "w"}, {Time: 0, Author: "zero", Text: "z"}}
	})
	add("edge-empty", func(b *rpm.Build) {
		b.NoSelfProvide = true
		b.Extend = func(h *rpm.HeaderBuilder) {
			for _, t := range []rpm.Tag{rpm.TagSummary, rpm.TagDescription, rpm.TagURL, rpm.TagVendor, rpm.TagPackager, rpm.TagGroup, rpm.TagLicense, rpm.TagBuildHost, rpm.TagRequireName, rpm.TagRequireFlags, rpm.TagRequireVersion} {
				h.Delete(t)
			}
		}
	})
	add("edge-long", func(b *rpm.Build) {
		b.Extend = func(h *rpm.HeaderBuilder) {
			h.Delete(rpm.TagSize)
			h.SetInt64(rpm.TagLongSize, 10<<32)
		}
	})
	add("edge-src", func(b *rpm.Build) {
		b.Source, b.Arch = true, "x86_64"
		b.Requires = []rpm.Dep{dep("gcc", 0, "")}
		b.Files = []rpm.File{{Path: "edge.spec", Flags: rpm.FileSpec}, {Path: "edge.tar.gz"}}
	})
	add("edge-weird+name.x_y", func(b *rpm.Build) { b.Version, b.Release = "1.0~rc1^git2", "0.1+x" })
	add("edge-emptydep", func(b *rpm.Build) {
		b.Conflicts = []rpm.Dep{dep("", 0, "")}
		b.Provides = []rpm.Dep{dep("", 0, "")}
	})
	return out
}

// TestPlain compares the quick look at strings with a slow one.
func TestPlain(t *testing.T) {
	slow := func(s string) bool {
		for _, c := range []byte(s) {
			if c < 0x20 || c >= 0x7f || strings.IndexByte(`<>&"`, c) >= 0 {
				return false
			}
		}
		return true
	}
	for c := range 256 {
		for at := range 17 {
			b := bytes.Repeat([]byte("a"), 17)
			b[at] = byte(c)
			for n := range 18 {
				if s := string(b[:n]); isPlain(s) != slow(s) {
					t.Fatalf("%q: %v", s, isPlain(s))
				}
			}
		}
	}
}
