package createrepo

import (
	"fmt"
	"time"

	"github.com/kura-build/kura/format/repomd"
)

// Options say what a repository shows, and how. Fields are named after the
// options of createrepo_c, whose meaning they have.
type Options struct {
	OutputDir string // where repodata goes; "" is the directory itself

	PkgList  []string // the packages, relative to the directory; nil is all that are found
	Excludes []string // patterns of file names or relative paths that are left out
	// SkipSymlinks leaves out packages that are symbolic links.
	SkipSymlinks bool

	// Update takes over what metadata of any program knows of packages whose size
	// and time are the same. Without it only what this one has written is used,
	// and only of files that nobody has written to since.
	Update       bool
	UpdateMDPath []string // further directories whose repodata is used
	SkipStat     bool     // with Update: a known file name is a known file
	NoCache      bool     // read every package again

	GroupFile      string
	BaseURL        string
	LocationPrefix string
	CutDirs        int // leading directories of paths that are not told

	Compression      repomd.Compression
	ExtraCompression repomd.Compression // of groups and the like; "" is the same
	SimpleNames      bool
	Checksum         string
	ChangelogLimit   int  // as repomd.Source.Changelogs
	Private          bool // no checksums of open content: half the work, and nobody asks for them
	DiscardExtras    bool // do not keep groups, updateinfo and the like of the last repository
	RetainOldMD      int  // how many earlier generations of the files stay
	RetainOldMDByAge time.Duration

	Revision      string
	FixTimestamps bool // Revision is a time, and the time of all files
	Timestamp     int64
	Tags          repomd.Tags

	// Progress is told how many of how many packages are done.
	Progress func(done, total int)
	// Warn is told of packages that are left out, and why.
	Warn func(path string, err error)
}

// Result says what a run has done.
type Result struct {
	Packages int // listed
	Read     int // read anew
	Failed   int // left out, see Options.Warn
	Repomd   *repomd.Repomd
	ReadList []string // paths of those read anew
}

func (o *Options) fill(dir string, now time.Time) error {
	if o.OutputDir == "" {
		o.OutputDir = dir
	}
	if o.Checksum == "sha256" {
		o.Checksum = ""
	}
	if _, err := repomd.NewHash(o.Checksum); err != nil {
		return err
	}
	if o.Compression == "" {
		o.Compression = repomd.Zstd
	}
	if o.ChangelogLimit == 0 {
		o.ChangelogLimit = 10
	}
	o.Timestamp = now.Unix()
	if o.FixTimestamps {
		if _, err := fmt.Sscan(o.Revision, &o.Timestamp); err != nil || o.Timestamp < 0 {
			return fmt.Errorf("the revision %q cannot be the time of the files: give it in seconds since 1970", o.Revision)
		}
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Warn == nil {
		o.Warn = func(string, error) {}
	}
	return nil
}
