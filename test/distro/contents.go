package distro

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

var (
	perlModule  = regexp.MustCompile(`^/usr/(?:share|lib/[^/]+|lib)/(?:perl-base|perl5?)/(?:\d[\d.]*/)?([A-Za-z_][\w/]*)\.pm$`)
	pkgConfig   = regexp.MustCompile(`^/usr/(?:share|lib|lib/[^/]+)/pkgconfig/([^/]+)\.pc$`)
	cmakeConfig = regexp.MustCompile(`^/usr/(?:share|lib|lib/[^/]+)/(?:.*/)?cmake/(?:.*/)?([^/]+?)(?:-config|Config)\.cmake$`)
	pythonDist  = regexp.MustCompile(`^/usr/lib/(python3(?:\.\d+)?)/(?:dist|site)-packages/[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO|egg-info)$`)
	notAlnum    = regexp.MustCompile(`[-_.]+`)
)

// addContents adds to r what the files themselves provide and require.
func addContents(r *relations, files []file) {
	contents := map[string][]byte{}
	for _, f := range files {
		contents[f.path] = f.content
	}
	private := map[string]bool{} // libraries of its own that the loader finds by RPATH
	for _, f := range files {
		if !isLibraryPath(f.path) {
			private[path.Base(f.path)] = true
		}
		if f.user != "" && f.user != "root" || f.group != "" && f.group != "root" {
			r.NeedsUsers = true
		}
		// Specs and scripts name programs by their places before the merge.
		for _, dir := range []string{"/bin/", "/sbin/"} {
			if strings.HasPrefix(f.path, "/usr"+dir) && f.mode&rpm.ModeType != rpm.ModeDir {
				r.Provides = append(r.Provides, dep{Name: strings.TrimPrefix(f.path, "/usr")})
			}
		}
		if f.mode&rpm.ModeType == rpm.ModeSymlink && pkgConfig.MatchString(f.path) {
			f.mode, f.content = rpm.ModeRegular, contents[path.Join(path.Dir(f.path), f.link)]
		}
		if f.mode&rpm.ModeType == rpm.ModeRegular {
			addFile(r, f)
		}
	}
	r.Requires = slices.DeleteFunc(r.Requires, func(d dep) bool {
		lib, _, ok := strings.Cut(d.Name, "(")
		return ok && lib != "" && private[lib]
	})
}

func addFile(r *relations, f file) {
	if bytes.HasPrefix(f.content, []byte("\x7fELF")) {
		provides, requires := sonames(f)
		r.Provides = append(r.Provides, provides...)
		r.Requires = append(r.Requires, requires...)
		return
	}
	if m := perlModule.FindStringSubmatch(f.path); m != nil {
		r.Provides = append(r.Provides, dep{Name: "perl(" + strings.ReplaceAll(m[1], "/", "::") + ")"})
	}
	if m := pkgConfig.FindStringSubmatch(f.path); m != nil {
		d := dep{Name: "pkgconfig(" + m[1] + ")"}
		if v := pcVersion(f.content); v != "" {
			d.Op, d.Version = "=", v
		}
		r.Provides = append(r.Provides, d)
	}
	if m := cmakeConfig.FindStringSubmatch(f.path); m != nil {
		r.Provides = append(r.Provides, dep{Name: "cmake(" + m[1] + ")"})
		if low := strings.ToLower(m[1]); low != m[1] {
			r.Provides = append(r.Provides, dep{Name: "cmake(" + low + ")"})
		}
	}
	if m := pythonDist.FindStringSubmatch(f.path); m != nil {
		name, version := pythonProject(f.content)
		if name != "" {
			r.Provides = append(r.Provides, pythonProvide("python3dist", name, version))
			if m[1] != "python3" {
				r.Provides = append(r.Provides, pythonProvide(m[1]+"dist", name, version))
			}
		}
	}
}

func pythonProvide(prefix, name, version string) dep {
	d := dep{Name: prefix + "(" + name + ")"}
	if version != "" {
		d.Op, d.Version = "=", version
	}
	return d
}

// pcVersion finds the version in a .pc file, variables put in.
func pcVersion(text []byte) string {
	vars := map[string]string{}
	version := ""
	for line := range strings.SplitSeq(string(text), "\n") {
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, "=:")
		if i <= 0 {
			continue
		}
		name, value := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		for range 8 { // a definition may name itself
			open := strings.Index(value, "${")
			end := strings.IndexByte(value[max(open, 0):], '}')
			if open < 0 || end < 0 {
				break
			}
			value = value[:open] + vars[value[open+2:open+end]] + value[open+end+1:]
		}
		if line[i] == '=' {
			vars[name] = value
		} else if name == "Version" {
			version = value
		}
	}
	return rpmChars(version)
}

// pythonProject finds a project's normalized name and its version.
func pythonProject(metadata []byte) (name, version string) {
	for line := range strings.SplitSeq(string(metadata), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			break
		}
		if v, ok := strings.CutPrefix(line, "Name: "); ok {
			name = notAlnum.ReplaceAllString(strings.ToLower(v), "-")
		}
		if v, ok := strings.CutPrefix(line, "Version: "); ok {
			version = rpmChars(v)
		}
	}
	return name, version
}

// isLibraryPath says whether a library is where the loader looks for it.
func isLibraryPath(p string) bool {
	dir := path.Dir(p)
	return dir == "/usr/lib" || dir == "/usr/lib64" || path.Dir(dir) == "/usr/lib" && strings.HasSuffix(dir, "-linux-gnu")
}
