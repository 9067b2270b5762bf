package distro

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// debFile is the name under which apt keeps a downloaded package.
func debFile(s stanza) string {
	return s["Package"] + "_" + strings.ReplaceAll(s["Version"], ":", "%3a") + "_" + s["Architecture"] + ".deb"
}

// download brings the .debs that dir lacks. A file is there once it has the
// size that the archive's index says; its checksum is compared when it is
// opened to be converted.
func (a *apt) download(ctx context.Context, dir string, debs []stanza, log *logger) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	missing := func() (names []string, bytes int64) {
		for _, s := range debs {
			size, _ := strconv.ParseInt(s["Size"], 10, 64)
			if st, err := os.Stat(filepath.Join(dir, debFile(s))); err != nil || st.Size() != size {
				names = append(names, s["Package"]+"="+s["Version"])
				bytes += size
			}
		}
		return names, bytes
	}
	names, bytes := missing()
	if len(names) == 0 {
		return nil
	}
	log.printf("fetching %d of %d packages, %.1f MB", len(names), len(debs), float64(bytes)/1e6)
	if _, err := a.run(ctx, dir, "apt-get", append([]string{"download", "-q"}, names...)...); err != nil {
		return err
	}
	if names, _ := missing(); len(names) > 0 {
		return fmt.Errorf("apt fetched something else than its index says for %s: fetch the lists anew (refresh)", names[0])
	}
	return nil
}

// source downloads a Debian source package and gives the path of its pristine
// upstream archive, and the upstream version.
func (a *apt) source(ctx context.Context, dir, name string) (path, version string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", err
	}
	find := func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, name+"_*.orig.tar.*"))
		for _, f := range found {
			base := strings.TrimPrefix(filepath.Base(f), name+"_")
			if v, ext, ok := strings.Cut(base, ".orig.tar."); ok && !strings.Contains(ext, ".") {
				path, version = f, v
				return true
			}
		}
		return false
	}
	if find() {
		return path, version, nil
	}
	if _, err := a.run(ctx, dir, "apt-get", "source", "-q", "--download-only", name); err != nil {
		return "", "", err
	}
	if !find() {
		return "", "", fmt.Errorf("the Debian source package %s has no upstream archive", name)
	}
	return path, version, nil
}
