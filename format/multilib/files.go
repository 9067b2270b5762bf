package multilib

import "strings"

// whole are the directories each file of which is a module that programs load.
var whole = func() map[string]bool {
	out := map[string]bool{"/lib/security": true, "/lib64/security": true, "/etc/lsb-release.d": true}
	for _, d := range []string{"alsa-lib", "dri", "gtk-2.0/modules", "gtk-2.0/immodules", "krb5/plugins", "sasl2", "vdpau"} {
		out["/usr/lib/"+d], out["/usr/lib64/"+d] = true, true
	}
	return out
}()

// Below GTK's directory these are looked at, and nothing else.
var gtk = []string{"engines", "modules", "immodules", "loaders", "printbackends", "filesystems"}

var modules = []string{
	"/usr/lib*/qt*/plugins/*", "/usr/lib*/kde*/plugins/*", "/usr/lib*/qt5/qml/*",
	"/usr/lib*/gdk-pixbuf-2.0/*/loaders", "/usr/lib*/xine/plugins/*",
}

// atRuntime says whether a file is a library, or a module that programs load.
func atRuntime(dir, name string) bool {
	root := dir == "/lib" || dir == "/lib64"
	switch {
	case root || dir == "/usr/lib" || dir == "/usr/lib64":
		// Modules of the name service and of databases have names without numbers.
		if isLibrary(name) || root && (strings.HasPrefix(name, "libnss_") || strings.HasPrefix(name, "libdb-")) {
			return true
		}
	case whole[dir]:
		return true
	case dir == "/etc/ld.so.conf.d":
		return strings.HasSuffix(name, ".conf")
	}
	if !strings.HasPrefix(dir, "/usr/lib") {
		return false
	}
	below := strings.TrimPrefix(strings.TrimPrefix(dir, "/usr/lib"), "64")
	switch {
	case strings.HasPrefix(below, "/gtk-2.0"):
		for _, d := range gtk {
			if glob("/usr/lib*/gtk-2.0/*/"+d, dir) {
				return true
			}
		}
		return false
	case strings.HasPrefix(below, "/gstreamer-"):
		return true
	case below == "/oprofile":
		return isLibrary(name)
	case below == "/wine":
		return strings.HasSuffix(name, ".so")
	case below == "/sane":
		return strings.HasPrefix(name, "libsane-")
	}
	for _, m := range modules {
		if glob(m, dir) {
			return true
		}
	}
	return false
}

func isLibrary(name string) bool { return strings.Contains(name, ".so.") }

// glob matches a pattern whose only special character is *, which stands for
// anything, also for slashes.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, last)
}
