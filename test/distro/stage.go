package distro

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// file is one file of a package on its way from .deb to RPM.
type file struct {
	path        string
	mode        uint32 // with the type
	user, group string
	mtime       int64
	link        string // target of a symbolic link
	content     []byte
	config      bool
}

var (
	unwanted = regexp.MustCompile(`^/(usr/share/(locale|info|lintian|bug|doc-base|gcc/python|zoneinfo|bash-completion|menu|apport|perl5/Debconf)` +
		`|usr/lib/systemd|etc/init\.d|etc/cron|usr/lib/debug|etc/apt|etc/dpkg|usr/share/debconf|usr/lib/udev` +
		`|usr/share/initramfs-tools|lib/systemd|lib/udev)(/|$)`)
	documents = regexp.MustCompile(`^/usr/share/(doc|man)(/|$)`)
	unmerged  = regexp.MustCompile(`^/(bin|sbin|lib|lib32|lib64|libx32)(/|$)`)
)

// stage reads the files of a .deb and gives them as an RPM is to have them:
// below /usr, documentation but the licences left out.
func stage(ctx context.Context, d *deb, name string) ([]file, error) {
	conf, err := d.conffiles()
	if err != nil {
		return nil, err
	}
	data, err := d.data(ctx)
	if err != nil {
		return nil, err
	}
	s := stager{conf: conf, at: map[string]int{}, dirs: map[string]file{}}
	err = s.read(tar.NewReader(data))
	if err = errors.Join(err, data.Close()); err != nil {
		return nil, fmt.Errorf("%s: data.tar: %w", d.path, err)
	}
	s.additions(name)
	s.directories()
	return s.files, nil
}

type stager struct {
	conf  map[string]bool
	files []file
	at    map[string]int // path to index in files
	dirs  map[string]file
}

func (s *stager) add(f file) {
	if _, ok := s.at[f.path]; !ok {
		s.at[f.path] = len(s.files)
		s.files = append(s.files, f)
	}
}

// merged is where a path lies once /bin, /sbin and /lib are links into /usr.
func merged(p string) string {
	if unmerged.MatchString(p) {
		return "/usr" + p
	}
	return p
}

func (s *stager) read(t *tar.Reader) error {
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		old := path.Clean("/" + h.Name)
		f := file{path: merged(old), user: h.Uname, group: h.Gname, mtime: h.ModTime.Unix(), config: s.conf[old]}
		if old == "/" || unwanted.MatchString(old) || unwanted.MatchString(f.path) ||
			documents.MatchString(f.path) && path.Base(f.path) != "copyright" {
			continue
		}
		mode := uint32(h.Mode) & 0o7777
		switch h.Typeflag {
		case tar.TypeDir:
			f.mode = rpm.ModeDir | mode
			s.dirs[f.path] = f
			continue
		case tar.TypeSymlink:
			f.mode, f.link, f.config = rpm.ModeSymlink|0o777, h.Linkname, false
			if old != f.path && slices.Contains(strings.Split(f.link, "/"), "..") {
				// It was relative to a place one level up.
				f.link = path.Join(path.Dir(old), f.link)
			}
		case tar.TypeLink:
			target := merged(path.Clean("/" + h.Linkname))
			if _, ok := s.at[target]; !ok {
				continue // a link to what was left out
			}
			// One inode under two names is a needless rarity: a symbolic link does.
			f.mode, f.link, f.config = rpm.ModeSymlink|0o777, relative(path.Dir(f.path), target), false
		case tar.TypeReg:
			f.mode = rpm.ModeRegular | mode
			if f.content, err = readAll(t, h.Size); err != nil {
				return err
			}
		default:
			continue
		}
		s.add(f)
	}
}

// readAll reads a file of known size; a size that is a lie is not believed.
func readAll(r io.Reader, size int64) ([]byte, error) {
	const most = 1 << 30
	if size < 0 || size > most {
		return nil, fmt.Errorf("a file of %d bytes is too large", size)
	}
	var b bytes.Buffer
	b.Grow(int(min(size, 64<<20)) + bytes.MinRead)
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// relative is the target of a link in dir that leads to the absolute path to.
func relative(dir, to string) string {
	from, into := strings.Split(dir, "/"), strings.Split(to, "/")
	n := 0
	for n < len(from) && n < len(into)-1 && from[n] == into[n] {
		n++
	}
	return strings.Repeat("../", len(from)-n) + strings.Join(into[n:], "/")
}

// additions are the files that Debian's maintainer scripts would have made.
func (s *stager) additions(name string) {
	for p, target := range links[name] {
		if prefix, ok := strings.CutSuffix(target, "*"); ok {
			target = ""
			for have := range s.at {
				if strings.HasPrefix(have, path.Dir(p)+"/"+prefix) && path.Base(have) > target {
					target = path.Base(have)
				}
			}
			if target == "" {
				continue
			}
		}
		s.add(file{path: p, mode: rpm.ModeSymlink | 0o777, link: target, mtime: epoch})
	}
	for p, text := range texts[name] {
		s.add(file{path: p, mode: rpm.ModeRegular | 0o644, content: []byte(text), mtime: epoch})
	}
}

// directories adds the package's own directories that are empty or have
// unusual rights; the others RPM makes by itself.
func (s *stager) directories() {
	used := map[string]bool{}
	for p := range s.at {
		used[path.Dir(p)] = true
	}
	for p := range s.dirs {
		used[path.Dir(p)] = true
	}
	for p, d := range s.dirs {
		plain := d.mode == rpm.ModeDir|0o755 && d.user == "root" && d.group == "root"
		if (plain && used[p]) || isLayout(p) {
			continue
		}
		s.add(d)
	}
	slices.SortFunc(s.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
}
