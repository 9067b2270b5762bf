package rpm

import (
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for _, good := range []string{"bash", "glibc-2.0", "libstdc++", "a", "389-ds", "perl-Foo_Bar", "_x", "python3.12"} {
		if err := CheckName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", ".", "..", "a/b", "../a", "a..b", "-x", ".x", "a\nb", "a\x00", "a b", "a;b", "$(x)", "a'b", "a\\b", "é", "a:b", "a@b", "a%b", "a~b", strings.Repeat("x", 200)} {
		if CheckName(bad) == nil {
			t.Errorf("the name %q is taken", bad)
		}
	}
	for _, bad := range []string{"1-2", "1/2", "..", "1:2", "1..2", "-1", ".1", ""} {
		if CheckVersion(bad) == nil || CheckRelease(bad) == nil {
			t.Errorf("the version or release %q is taken", bad)
		}
	}
	if err := (NEVRA{Name: "a", Version: "1.0~rc1^git2", Release: "1.fc40", Arch: "x86_64"}).Check(); err != nil {
		t.Error(err)
	}
	if CheckArch("x86-64") == nil || CheckArch("../x") == nil || CheckArch("a.b") == nil {
		t.Error("a wrong architecture is taken")
	}
}

func TestParseNVR(t *testing.T) {
	for in, want := range map[string]NVR{
		"bash-5.2-1.fc40":  {"bash", "5.2", "1.fc40", ""},
		"a-b-c-1-2":        {"a-b-c", "1", "2", ""},
		"2:vim-9.0-1":      {"vim", "9.0", "1", "2"},
		"-1-2":             {"", "1", "2", ""},
		"x-1~rc1^g-0.1.el": {"x", "1~rc1^g", "0.1.el", ""},
	} {
		if got, err := ParseNVR(in); err != nil || got != want {
			t.Errorf("ParseNVR(%q) = %+v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "a", "a-1", "a-1-", "a--1"} {
		if _, err := ParseNVR(bad); err == nil || !strings.Contains(err.Error(), "invalid format") {
			t.Errorf("ParseNVR(%q): %v", bad, err)
		}
	}
}

func TestParseNVRA(t *testing.T) {
	n, err := ParseNVRA("bash-5.2-1.fc40.x86_64.rpm@fedora")
	if want := (NVRA{NVR{"bash", "5.2", "1.fc40", ""}, "x86_64", false, "fedora"}); err != nil || n != want {
		t.Errorf("got %+v, %v", n, err)
	}
	if n, err = ParseNVRA("bash-5.2-1.src"); err != nil || !n.Source || n.FileName() != "bash-5.2-1.src.rpm" {
		t.Errorf("got %+v, %v", n, err)
	}
	for _, bad := range []string{"bash-1-1", "bash-1-1.", "x.y", ""} {
		if _, err := ParseNVRA(bad); err == nil {
			t.Errorf("ParseNVRA(%q) succeeds", bad)
		}
	}
}

func TestCanonArch(t *testing.T) {
	for in, want := range map[string]string{
		"i386": "i386", "i686": "i386", "athlon": "i386", "ia32e": "x86_64", "x86_64": "x86_64", "noarch": "noarch", "src": "src",
		"ppc64le": "ppc64le", "ppc64p7": "ppc64", "ppc": "ppc", "sparc64v": "sparc64", "sparcv9": "sparc", "alphaev6": "alpha",
		"armv7hl": "armhfp", "armv7hnl": "armhfp", "armv5tel": "arm", "aarch64": "aarch64", "s390x": "s390x", "riscv64": "riscv64", "i86": "i86",
	} {
		if got := CanonArch(in); got != want {
			t.Errorf("CanonArch(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseNVRA(f *testing.F) {
	f.Add("bash-5.2-1.fc40.x86_64.rpm@fedora")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNVRA(s)
		if err != nil {
			return
		}
		if n.Epoch == "" && n.Location == "" && !strings.Contains(s, ":") && !strings.Contains(s, "@") && n.FileName() != strings.TrimSuffix(s, ".rpm")+".rpm" {
			t.Errorf("%q comes back as %q", s, n.FileName())
		}
	})
}
