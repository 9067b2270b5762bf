package distro

import "strings"

// The seeds: what the distribution is made of, by Debian's names. Everything
// they depend on follows.
var (
	// buildSeeds is the group "build": what every buildroot has.
	buildSeeds = strings.Fields(`bash coreutils sed grep gawk tar gzip xz-utils bzip2 zstd diffutils
		findutils patch make gcc g++ cpp libc6-dev binutils rpm debugedit elfutils passwd login util-linux mount
		debianutils info cpio file unzip hostname libc-bin`)

	// srpmSeeds is the group "srpm-build": what making a source RPM needs.
	srpmSeeds = strings.Fields(`bash coreutils sed grep tar gzip xz-utils bzip2 unzip rpm passwd login
		util-linux cpio findutils make gawk diffutils patch`)

	// develSeeds is what ordinary C packages ask for.
	develSeeds = strings.Fields(`autoconf automake libtool libtool-bin m4 bison flex gettext pkgconf
		zlib1g-dev libbz2-dev liblzma-dev libzstd-dev libncurses-dev libreadline-dev libssl-dev libexpat1-dev
		libpopt-dev help2man perl procps less ncurses-bin`)

	// fullSeeds widens the choice: other build systems, Python, more libraries.
	fullSeeds = strings.Fields(`libelf-dev texinfo python3 python3-setuptools cmake ninja-build e2fsprogs
		iproute2 netbase sudo git fakeroot python3-dev python3-pip python3-wheel meson gperf tcl expect check
		groff-base groff time libpcre2-dev libffi-dev libgdbm-dev libmagic-dev libcurl4-openssl-dev libxml2-dev
		libsqlite3-dev libglib2.0-dev libpng-dev liblz4-dev libgmp-dev libmpfr-dev libcap-dev libacl1-dev
		libattr1-dev libselinux1-dev uuid-dev libpam0g-dev libkrb5-dev`)
)

// dropped are Debian packages that packages written here replace, or that make
// no sense in an RPM distribution. A dependency on one is left out.
var dropped = set(`base-files base-passwd debconf dpkg dpkg-dev dash init-system-helpers install-info ucf
	tzdata debian-archive-keyring cdebconf libdebconfclient0 sensible-utils usrmerge usr-is-merged
	sysvinit-utils lsb-base media-types mime-support mailcap adduser shared-mime-info libjs-jquery
	libjs-underscore libjs-sphinxdoc ca-certificates tex-common libdpkg-perl libglib2.0-data
	python3-distutils-extra javascript-common build-essential`)

// virtuals says which package stands for a name that several provide.
var virtuals = map[string]string{
	"awk": "gawk", "c-compiler": "gcc", "c++-compiler": "g++", "libc-dev": "libc6-dev",
	"perl5": "perl", "pkg-config": "pkgconf", "libcurl-ssl-dev": "libcurl4-openssl-dev",
}

// rpmNames maps Debian names to those that specs ask for; a name not listed is
// kept.
var rpmNames = map[string]string{
	"libc6": "glibc", "libc6-dev": "glibc-devel", "libc-bin": "glibc-common", "libc-dev-bin": "glibc-devel-bin",
	"linux-libc-dev": "kernel-headers", "zlib1g": "zlib", "zlib1g-dev": "zlib-devel", "xz-utils": "xz",
	"liblzma5": "xz-libs", "liblzma-dev": "xz-devel", "libbz2-1.0": "bzip2-libs", "libbz2-dev": "bzip2-devel",
	"passwd": "shadow-utils", "g++": "gcc-c++", "libgcc-s1": "libgcc", "libstdc++6": "libstdc++",
	"libncurses-dev": "ncurses-devel", "libreadline-dev": "readline-devel", "libreadline8": "readline",
	"libssl-dev": "openssl-devel", "libssl3": "openssl-libs", "libelf-dev": "elfutils-libelf-devel",
	"libelf1": "elfutils-libelf", "libexpat1": "expat", "libexpat1-dev": "expat-devel", "libpopt0": "popt",
	"libpopt-dev": "popt-devel", "libzstd1": "libzstd", "libzstd-dev": "libzstd-devel",
	"ncurses-bin": "ncurses", "procps": "procps-ng", "libacl1": "libacl", "libattr1": "libattr",
	"libcap2": "libcap", "libgmp10": "gmp", "libmpfr6": "mpfr", "libmpc3": "libmpc", "ninja-build": "ninja",
	"pkgconf": "pkgconf-pkg-config", "iproute2": "iproute", "libselinux1": "libselinux",
	"libcrypt1": "libxcrypt", "libcrypt-dev": "libxcrypt-devel", "rpm": "rpm-build",
	"libpcre2-dev": "pcre2-devel", "libgdbm-dev": "gdbm-devel", "libmagic-dev": "file-devel",
	"libcurl4-openssl-dev": "libcurl-devel", "libsqlite3-dev": "sqlite-devel", "libglib2.0-dev": "glib2-devel",
	"liblz4-dev": "lz4-devel", "libgmp-dev": "gmp-devel", "libmpfr-dev": "mpfr-devel", "libcap-dev": "libcap-devel",
	"libacl1-dev": "libacl-devel", "libattr1-dev": "libattr-devel", "libselinux1-dev": "libselinux-devel",
	"uuid-dev": "libuuid-devel", "libpam0g-dev": "pam-devel", "libkrb5-dev": "krb5-devel",
	"python3-dev": "python3-devel",
}

// aliases are further Provides by Debian name, each at the package's version
// unless it is a path.
var aliases = map[string][]string{
	"rpm": {"rpm", "rpm-sign"}, "gettext": {"gettext-devel"},
	"libc6":  {"rtld(GNU_HASH)", "glibc-minimal-langpack", "glibc-all-langpacks", "glibc-langpack-en"},
	"passwd": {"passwd"}, "debianutils": {"which"}, "pkgconf": {"pkgconfig", "pkg-config"},
	"login": {"util-linux-user"}, "perl": {"perl-interpreter", "perl-devel", "perl-generators"},
	"python3": {"python3-libs"}, "elfutils": {"elfutils-devel"}, "bash": {"/bin/sh", "/usr/bin/sh"},
	"coreutils": {"coreutils-single"}, "libtool": {"libtool-ltdl"}, "python3-setuptools": {"python3-rpm-macros"},
	"gcc": {"libgomp"}, "python3-dev": {"pyproject-rpm-macros", "python-rpm-macros"},
	"libncurses-dev": {"ncurses-static"}, "groff": {"groff-full"},
}

// links are what update-alternatives and the like would have made: by Debian
// name, path to target. A target ending in "*" means the one file beside the
// link that begins so (automake-1.16).
var links = map[string]map[string]string{
	"gawk":        {"/usr/bin/awk": "gawk", "/usr/bin/nawk": "gawk"},
	"gcc":         {"/usr/bin/cc": "gcc", "/usr/bin/c89": "c89-gcc", "/usr/bin/c99": "c99-gcc"},
	"g++":         {"/usr/bin/c++": "g++"},
	"automake":    {"/usr/bin/automake": "automake-*", "/usr/bin/aclocal": "aclocal-*"},
	"debianutils": {"/usr/bin/which": "which.debianutils"},
	"bash":        {"/usr/bin/sh": "bash"},
	"xz-utils":    {"/usr/bin/lzma": "xz", "/usr/bin/unlzma": "xz", "/usr/bin/lzcat": "xz"},
	"bison":       {"/usr/bin/yacc": "bison.yacc"},
	"fakeroot":    {"/usr/bin/fakeroot": "fakeroot-sysv", "/usr/bin/faked": "faked-sysv"},
}

// texts are files that Debian's maintainer scripts would have written.
var texts = map[string]map[string]string{
	"libpam-runtime": {
		"/etc/pam.d/common-auth":                   "auth sufficient pam_permit.so\n",
		"/etc/pam.d/common-account":                "account required pam_permit.so\n",
		"/etc/pam.d/common-password":               "password required pam_permit.so\n",
		"/etc/pam.d/common-session":                "session required pam_permit.so\n",
		"/etc/pam.d/common-session-noninteractive": "session required pam_permit.so\n",
	},
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// rpmName is the RPM name of a Debian package.
func rpmName(deb string) string {
	if n := rpmNames[deb]; n != "" {
		return n
	}
	return deb
}

// seeds are the Debian packages that a distribution starts from.
func seeds(full bool) []string {
	var all []string
	all = append(all, buildSeeds...)
	all = append(all, srpmSeeds...)
	all = append(all, develSeeds...)
	if full {
		all = append(all, fullSeeds...)
	}
	return all
}
