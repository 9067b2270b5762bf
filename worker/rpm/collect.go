package rpm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mostEntries bounds what is read of a directory that a build filled.
const mostEntries = 20000

// collectDir copies the regular files *.rpm of a directory. A pattern that
// ends in /* means the directories in it.
func collectDir(root *os.Root, pattern, to string) ([]string, error) {
	if dir, ok := strings.CutSuffix(pattern, "/*"); ok {
		var all []string
		entries, err := readDir(root, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() {
				names, err := collectDir(root, path.Join(dir, e.Name()), to)
				if err != nil {
					return nil, err
				}
				all = append(all, names...)
			}
		}
		return all, nil
	}
	entries, err := readDir(root, pattern)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !rpmName.MatchString(e.Name()) {
			continue
		}
		if err := copyOut(root, path.Join(pattern, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return nil, fmt.Errorf("take %s out of the build: %w", e.Name(), err)
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// readDir lists a directory that is none of the build's links.
func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	st, err := root.Lstat(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && !st.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(mostEntries)
	if errors.Is(err, io.EOF) { // it is empty
		return nil, nil
	}
	if err == nil && len(entries) == mostEntries {
		err = fmt.Errorf("%s holds more than %d files", dir, mostEntries-1)
	}
	return entries, err
}

func copyOut(root *os.Root, from, to string) error {
	in, err := root.OpenFile(from, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
