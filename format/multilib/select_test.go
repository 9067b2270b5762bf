package multilib

import (
	"strings"
	"testing"

	"github.com/kura-build/kura/format/rpm"
)

const conf = `# which packages are there twice
[runtime]
white = libgnat
    ; not this one
    wine
black = httpd
    php
[devel]
White: perl-devel glibc-static
black = php-devel
    kernel

[multilib]
packages = whatever
`

func config(t *testing.T, text string) *Config {
	t.Helper()
	c, err := ReadConfig(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSelects(t *testing.T) {
	c := config(t, conf)
	for _, v := range []struct {
		name, arch string
		provides   string
		file       string
		want       bool
	}{
		{name: "bash", file: "/usr/bin/bash"},
		{name: "zlib", file: "/usr/lib64/libz.so.1", want: true},
		{name: "zlib", file: "/lib64/libz.so.1.2", want: true},
		{name: "plugin", file: "/usr/lib64/plugin/libz.so.1"},
		{name: "unversioned", file: "/usr/lib64/libz.so"},
		{name: "zlib-debuginfo", file: "/usr/lib/debug/usr/lib64/libz.so.1.debug"},
		{name: "nss", file: "/lib64/libnss_x.so", want: true},
		{name: "nss", file: "/usr/lib64/libnss_x.so"},
		{name: "pam", file: "/lib64/security/pam_x.so", want: true},
		{name: "dri", file: "/usr/lib64/dri/x_dri.so", want: true},
		{name: "lsb", file: "/etc/lsb-release.d/core", want: true},
		{name: "mysql", file: "/etc/ld.so.conf.d/mysql.conf", want: true},
		{name: "mysql", file: "/etc/ld.so.conf.d/README"},
		{name: "gtk", file: "/usr/lib64/gtk-2.0/2.10.0/engines/libx.so", want: true},
		{name: "gtk", file: "/usr/lib64/gtk-2.0/2.10.0/other/libx.so"},
		{name: "gst", file: "/usr/lib64/gstreamer-1.0/libx.so", want: true},
		{name: "qt", file: "/usr/lib64/qt5/plugins/platforms/libx.so", want: true},
		{name: "qt", file: "/usr/lib64/qt5/plugins/libx.so"},
		{name: "qml", file: "/usr/lib64/qt5/qml/Qt/labs/libx.so", want: true},
		{name: "pixbuf", file: "/usr/lib64/gdk-pixbuf-2.0/2.10.0/loaders/x.so", want: true},
		{name: "oprofile", file: "/usr/lib64/oprofile/libx.so.1", want: true},
		{name: "oprofile", file: "/usr/lib64/oprofile/libx.so"},
		{name: "sane", file: "/usr/lib64/sane/libsane-x.so.1", want: true},
		{name: "bash-devel", want: true},
		{name: "bash-static", want: true},
		{name: "ghc-x-devel"},
		{name: "ghc-x", file: "/usr/lib64/libghc.so.1", want: true},
		{name: "gdb", want: true},
		{name: "gdb", arch: "s390x"},
		{name: "httpd", file: "/usr/lib64/libhttpd.so.1"}, // black for programs
		{name: "wine", want: true},                        // white for programs
		{name: "perl-devel", want: true},
		{name: "php-devel"},
		{name: "php", file: "/usr/lib64/libphp.so.1"},
		{name: "perl"}, // a part of a name in a list
		{name: "kernel", provides: "kernel"},
		{name: "kernel-core", provides: "kernel", want: true},
		{name: "kernel-core", provides: "kernel", arch: "ppc"},
		{name: "kernel-headers", provides: "x-static", want: true},
		{name: "kernel-devel-x", arch: "s390x", provides: "kernel-devel"},
	} {
		p := &Package{Name: v.name, Arch: v.arch}
		if p.Arch == "" {
			p.Arch = "x86_64"
		}
		if v.provides != "" {
			p.Provides = []rpm.Dep{{Name: v.provides}}
		}
		files := &rpm.FileNames{}
		if v.file != "" {
			i := strings.LastIndexByte(v.file, '/')
			files.Dirs, files.Bases = []string{"/usr/share/doc/", v.file[:i+1]}, []string{v.name, v.file[i+1:]}
		}
		if got := c.Selects(p, files); got != v.want {
			t.Errorf("%+v: %v", v, got)
		}
	}
}

func TestWhatIsNoConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  `section [runtime] has no option "white"`,
		"white = a":                         "line 1",
		"[runtime\n":                        "line 1",
		"[runtime]\nwhite\n":                "line 2",
		"[runtime]\n= white\n":              "line 2",
		"[runtime]\nwhite = a\nwhite = b\n": "line 3: option runtime/white is there twice",
		"[runtime]\nwhite =\nblack =\n[devle]\nwhite =\nblack =\n": `section [devel] has no option "white"`,
	} {
		if _, err := ReadConfig(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if c := config(t, "[DEFAULT]\nwhite =\nblack = a\n[devel]\nblack = b\n"); !c.Runtime.Black["a"] || c.Devel.Black["a"] || !c.Devel.Black["b"] {
		t.Errorf("defaults: %+v", c)
	}
}
