package rpm

import (
	"fmt"
)

// FileInfo is a file as the header lists it.
type FileInfo struct {
	Dir, Base   string // Path is their sum
	Size        uint64
	Mode        uint16
	Rdev        uint16
	MTime       uint32
	Flags       FileFlags
	VerifyFlags uint32
	User, Group string
	Digest      string
	LinkTo      string
	Device      uint32
	Inode       uint32
	Color       uint32
	Lang        string
	Caps        string
}

// Path is the file's path. It is a foreign string: it may hold anything.
func (f *FileInfo) Path() string { return f.Dir + f.Base }

// IsDir, IsRegular, IsSymlink and IsGhost ask for kinds of files.
func (f *FileInfo) IsDir() bool { return f.Mode&ModeType == ModeDir }

// IsRegular says whether it is a regular file.
func (f *FileInfo) IsRegular() bool { return f.Mode&ModeType == ModeRegular }

// IsSymlink says whether it is a symbolic link.
func (f *FileInfo) IsSymlink() bool { return f.Mode&ModeType == ModeSymlink }

// IsGhost says whether the package owns the file without having it.
func (f *FileInfo) IsGhost() bool { return f.Flags&FileGhost != 0 }

// FileNames are the files of a package, with no more than what they are called
// and of what kind they are. They are the header's own bytes, see View.
type FileNames struct {
	Dirs, Bases  []string
	dir          Numbers // which of Dirs
	modes, flags Numbers
}

// FileNames lists the files. It fails if the header's arrays do not belong
// together.
func (h *Header) FileNames() (*FileNames, error) {
	f := &FileNames{modes: h.Numbers(TagFileModes), flags: h.Numbers(TagFileFlags)}
	if f.Bases = h.Views(TagBaseNames, nil); f.Bases != nil {
		f.Dirs, f.dir = h.Views(TagDirNames, nil), h.Numbers(TagDirIndexes)
	} else if old := h.Views(TagOldFileNames, nil); old != nil { // rpm 3 stored whole paths
		f.Dirs, f.Bases = make([]string, len(old)), make([]string, len(old))
		for i, p := range old {
			f.Dirs[i], f.Bases[i] = splitPath(p)
		}
	}
	n := len(f.Bases)
	if f.dir.Len() != n && (f.dir.Len() != 0 || len(f.Dirs) != n) {
		return nil, fmt.Errorf("the package lists %d files and %d directories of files", n, f.dir.Len())
	}
	for i := range f.dir.Len() {
		if f.dir.At(i) >= uint64(len(f.Dirs)) {
			return nil, fmt.Errorf("file %q of the package is in directory number %d of %d", f.Bases[i], f.dir.At(i), len(f.Dirs))
		}
	}
	for tag, v := range map[Tag]Numbers{TagFileModes: f.modes, TagFileFlags: f.flags} {
		if v.Len() != 0 && v.Len() != n {
			return nil, fmt.Errorf("the package has %d files and %d values of tag %d", n, v.Len(), tag)
		}
	}
	return f, nil
}

// Dir gives which of Dirs a file is in.
func (f *FileNames) Dir(i int) int {
	if f.dir.Len() == 0 {
		return i
	}
	return int(f.dir.At(i))
}

// Kind says whether a file is a directory, and whether the package owns it
// without having it.
func (f *FileNames) Kind(i int) (dir, ghost bool) {
	if f.modes.Len() != 0 {
		dir = uint16(f.modes.At(i))&ModeType == ModeDir
	}
	return dir, f.flags.Len() != 0 && FileFlags(f.flags.At(i))&FileGhost != 0
}

// Files lists the files of the package. It fails if the header's arrays do not
// belong together.
func (h *Header) Files() ([]FileInfo, error) {
	bases := h.Strings(TagBaseNames)
	var dirs []string
	var dirIndex []uint64
	if bases == nil {
		// rpm 3 stored whole paths.
		for _, p := range h.Strings(TagOldFileNames) {
			dir, base := splitPath(p)
			dirs, bases, dirIndex = append(dirs, dir), append(bases, base), append(dirIndex, uint64(len(dirIndex)))
		}
	} else {
		dirs, dirIndex = h.Strings(TagDirNames), h.Ints(TagDirIndexes)
	}
	if len(dirIndex) != len(bases) {
		return nil, fmt.Errorf("the package lists %d files and %d directories of files", len(bases), len(dirIndex))
	}
	files := make([]FileInfo, len(bases))
	for i := range files {
		if dirIndex[i] >= uint64(len(dirs)) {
			return nil, fmt.Errorf("file %q of the package is in directory number %d of %d", bases[i], dirIndex[i], len(dirs))
		}
		files[i].Dir, files[i].Base = dirs[dirIndex[i]], bases[i]
	}
	return files, h.fileColumns(files)
}

func (h *Header) fileColumns(files []FileInfo) error {
	sizes := TagFileSizes
	if !h.Has(sizes) {
		sizes = TagLongFileSizes
	}
	for _, c := range []struct {
		tag Tag
		set func(f *FileInfo, v uint64)
	}{
		{sizes, func(f *FileInfo, v uint64) { f.Size = v }},
		{TagFileModes, func(f *FileInfo, v uint64) { f.Mode = uint16(v) }},
		{TagFileRdevs, func(f *FileInfo, v uint64) { f.Rdev = uint16(v) }},
		{TagFileMTimes, func(f *FileInfo, v uint64) { f.MTime = uint32(v) }},
		{TagFileFlags, func(f *FileInfo, v uint64) { f.Flags = FileFlags(v) }},
		{TagFileVerifyFlags, func(f *FileInfo, v uint64) { f.VerifyFlags = uint32(v) }},
		{TagFileDevices, func(f *FileInfo, v uint64) { f.Device = uint32(v) }},
		{TagFileInodes, func(f *FileInfo, v uint64) { f.Inode = uint32(v) }},
		{TagFileColors, func(f *FileInfo, v uint64) { f.Color = uint32(v) }},
	} {
		vs := h.Ints(c.tag)
		if vs != nil && len(vs) != len(files) {
			return fmt.Errorf("the package has %d files and %d values of tag %d", len(files), len(vs), c.tag)
		}
		for i, v := range vs {
			c.set(&files[i], v)
		}
	}
	for _, c := range []struct {
		tag Tag
		set func(f *FileInfo, v string)
	}{
		{TagFileUserName, func(f *FileInfo, v string) { f.User = v }},
		{TagFileGroupName, func(f *FileInfo, v string) { f.Group = v }},
		{TagFileDigests, func(f *FileInfo, v string) { f.Digest = v }},
		{TagFileLinkTos, func(f *FileInfo, v string) { f.LinkTo = v }},
		{TagFileLangs, func(f *FileInfo, v string) { f.Lang = v }},
		{TagFileCaps, func(f *FileInfo, v string) { f.Caps = v }},
	} {
		vs := h.Strings(c.tag)
		if vs != nil && len(vs) != len(files) {
			return fmt.Errorf("the package has %d files and %d values of tag %d", len(files), len(vs), c.tag)
		}
		for i, v := range vs {
			c.set(&files[i], v)
		}
	}
	return nil
}

func splitPath(p string) (dir, base string) {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == '/' {
			return p[:i+1], p[i+1:]
		}
	}
	return "", p
}

// DigestAlgo is OpenPGP's number of the algorithm of the files' digests: 1 is
// MD5, which is what packages without a statement use, 8 is SHA-256.
func (h *Header) DigestAlgo() int {
	if v, ok := h.Int(TagFileDigestAlgo); ok && v < 256 {
		return int(v)
	}
	return 1
}
