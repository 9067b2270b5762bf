package distro

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// Macros and scripts that Fedora keeps in redhat-rpm-config and its kin. In
// these files @TRIPLET@, @DIST@ and @NAME@ are replaced.
//
//go:embed data
var data embed.FS

// What the distribution calls itself.
const (
	distName    = "Kura test distribution"
	distID      = "kura-test"
	distVersion = "12"
	distTag     = ".kt12"
	epoch       = 1700000000 // the time of everything that is made here
)

// layout are the directories of the package "filesystem"; no other package
// owns them.
var layout = func() map[string]uint32 {
	m := map[string]uint32{}
	for _, d := range strings.Fields(`/boot /dev /etc /etc/skel /etc/opt /etc/profile.d /home /media /mnt
		/opt /run /srv /usr /usr/bin /usr/games /usr/include /usr/lib /usr/lib64 /usr/libexec /usr/local
		/usr/local/bin /usr/local/lib /usr/local/sbin /usr/local/share /usr/sbin /usr/share /usr/share/doc
		/usr/share/info /usr/share/man /usr/share/licenses /usr/src /var /var/cache /var/lib /var/lib/misc
		/var/lib/rpm /var/local /var/log /var/mail /var/opt /var/spool`) {
		m[d] = 0o755
	}
	m["/root"], m["/proc"], m["/sys"] = 0o700, 0o555, 0o555
	m["/tmp"], m["/var/tmp"], m["/run/lock"] = 0o1777, 0o1777, 0o1777
	return m
}()

func isLayout(path string) bool {
	_, ok := layout[path]
	return ok || strings.HasPrefix(path, "/usr/lib/") && strings.HasSuffix(path, "-linux-gnu") && strings.Count(path, "/") == 3
}

// user is one line of the packages' passwd; groups likewise.
type user struct {
	name        string
	uid, gid    int
	home, shell string
}

var users = []user{
	{"root", 0, 0, "/root", "/bin/bash"},
	{"daemon", 1, 1, "/usr/sbin", "/usr/sbin/nologin"},
	{"bin", 2, 2, "/bin", "/usr/sbin/nologin"},
	{"man", 6, 12, "/var/cache/man", "/usr/sbin/nologin"},
	{"mail", 8, 8, "/var/mail", "/usr/sbin/nologin"},
	{"nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin"},
}

const groupList = `root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 man:12 kmem:15 wheel:10 audio:29
	utmp:43 shadow:42 video:44 staff:50 games:60 users:100 crontab:101 nogroup:65534`

func accounts() (passwd, group, shadow, gshadow string) {
	for _, u := range users {
		passwd += fmt.Sprintf("%s:x:%d:%d:%s:%s:%s\n", u.name, u.uid, u.gid, u.name, u.home, u.shell)
		shadow += u.name + ":*:19000:0:99999:7:::\n"
	}
	for _, g := range strings.Fields(groupList) {
		name, gid, _ := strings.Cut(g, ":")
		group += name + ":x:" + gid + ":\n"
		gshadow += name + ":*::\n"
	}
	return passwd, group, shadow, gshadow
}

// tree are the files of one package that is written here.
type tree []file

func (t *tree) dir(path string, mode uint32) {
	*t = append(*t, file{path: path, mode: rpm.ModeDir | mode, mtime: epoch})
}

func (t *tree) link(path, target string) {
	*t = append(*t, file{path: path, mode: rpm.ModeSymlink | 0o777, link: target, mtime: epoch})
}

func (t *tree) text(path, text string, mode uint32) {
	*t = append(*t, file{path: path, mode: rpm.ModeRegular | mode, content: []byte(text), mtime: epoch,
		config: strings.HasPrefix(path, "/etc/") && !strings.HasPrefix(path, "/etc/rpm")})
}

// own are the source packages that are written here, in place of Debian's
// essential but unfitting ones.
func own(t target) ([]sourcePackage, error) {
	var fs, setup, release, repos, config tree
	for d, mode := range layout {
		fs.dir(d, mode)
	}
	fs.dir("/usr/lib/"+t.triplet, 0o755)
	for _, l := range []string{"bin", "sbin", "lib", "lib64"} {
		fs.link("/"+l, "usr/"+l)
	}
	fs.link("/var/run", "../run")
	fs.link("/var/lock", "../run/lock")

	passwd, group, shadow, gshadow := accounts()
	setup.text("/etc/passwd", passwd, 0o644)
	setup.text("/etc/group", group, 0o644)
	setup.text("/etc/shadow", shadow, 0o640)
	setup.text("/etc/gshadow", gshadow, 0o640)
	setup.text("/etc/subuid", "", 0o644)
	setup.text("/etc/subgid", "", 0o644)
	setup.text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", 0o644)
	setup.text("/etc/host.conf", "multi on\n", 0o644)
	setup.text("/etc/shells", "/bin/sh\n/bin/bash\n", 0o644)
	setup.text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n", 0o644)
	setup.text("/etc/profile", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\nfor i in /etc/profile.d/*.sh; do [ -r \"$i\" ] && . \"$i\"; done\nunset i\n", 0o644)
	setup.text("/etc/ld.so.conf.d/lib64.conf", "/usr/lib64\n", 0o644)

	release.text("/usr/lib/os-release", fmt.Sprintf("NAME=%q\nID=%s\nID_LIKE=\"fedora debian\"\nVERSION_ID=%s\nPRETTY_NAME=\"%s %s\"\n"+
		"PLATFORM_ID=\"platform:%s\"\nCPE_NAME=\"cpe:/o:%s:%s:%s\"\n", distName, distID, distVersion, distName, distVersion,
		distTag[1:], distID, distID, distVersion), 0o644)
	release.link("/etc/os-release", "../usr/lib/os-release")
	release.text("/etc/system-release", distName+" release "+distVersion+"\n", 0o644)
	release.link("/etc/redhat-release", "system-release")
	release.text("/usr/lib/rpm/macros.d/macros.dist", "%dist "+distTag+"\n", 0o644)
	repos.text("/etc/yum.repos.d/distro.repo", "[distro]\nname="+distName+"\nbaseurl=file:///distro\ngpgcheck=0\nenabled=0\n", 0o644)
	if err := t.config(&config); err != nil {
		return nil, err
	}

	at := func(name, version string) dep { return dep{name, "=", version} }
	names := func(words string) (deps []dep) {
		for _, w := range strings.Fields(words) {
			deps = append(deps, dep{Name: w})
		}
		return deps
	}
	return []sourcePackage{
		t.own("filesystem", "Directory layout", t.rpmArch, fs, relations{Provides: names("filesystem(unmerged-sbin-symlinks)")}),
		t.own("setup", "Users, groups and shell set-up", "noarch", setup, relations{Provides: names("base-passwd"), Requires: names("filesystem")}),
		t.own("distro-release", "Release files", "noarch", release, relations{Requires: names("distro-repos"),
			Provides: append(names("distribution-release base-files"), at("system-release", distVersion), at("system-release(releasever)", distVersion))}),
		t.own("distro-repos", "Repository configuration", "noarch", repos, relations{Requires: names("distro-release")}),
		t.own("redhat-rpm-config", "Build macros", "noarch", config, relations{
			Provides: names(`system-rpm-config buildsys-macros epel-rpm-macros systemd-rpm-macros cmake-rpm-macros meson-rpm-macros
				perl-srpm-macros python-srpm-macros pyproject-srpm-macros rust-srpm-macros go-srpm-macros`),
			Requires: names("rpm-build debugedit elfutils file distro-release")}),
	}, nil
}

// config adds the macro files.
func (t target) config(tr *tree) error {
	entries, err := data.ReadDir("data/macros")
	if err != nil {
		return err
	}
	replace := strings.NewReplacer("@TRIPLET@", t.triplet, "@DIST@", distTag, "@NAME@", distName, "@ARCH@", t.rpmArch)
	for _, e := range entries {
		b, err := data.ReadFile("data/macros/" + e.Name())
		if err != nil {
			return err
		}
		tr.text("/etc/rpm/macros."+e.Name(), replace.Replace(string(b)), 0o644)
	}
	helper, err := data.ReadFile("data/pyproject-requires")
	if err != nil {
		return err
	}
	tr.text("/usr/lib/rpm/kura-pyproject-requires", string(helper), 0o755)
	tr.text("/etc/rpmrc", "optflags: "+t.rpmArch+" %{__global_compiler_flags}\n", 0o644)
	slices.SortFunc(*tr, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return nil
}

// own is a source package of one binary package of the same name.
func (t target) own(name, summary, arch string, files tree, r relations) sourcePackage {
	v := evr{version: distVersion, release: "1" + distTag}
	r.Provides = append(r.Provides, dep{name, "=", v.String()})
	return sourcePackage{name: name, evr: v, arch: arch, binaries: []binaryPackage{{
		name: name, evr: v, arch: arch, summary: summary, description: summary + " of the " + distName + ".",
		license: "MIT", relations: r, files: files,
	}}}
}
