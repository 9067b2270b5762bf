package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/hub/file"
)

// formatVersion is raised when an older kura could not restore a backup.
const formatVersion = 1

const listSuffix = ".zst"

// header is the first line of a list.
type header struct {
	Format   int       `json:"kura_backup"`
	Version  string    `json:"version"` // of the kura that made it
	Time     time.Time `json:"time"`    // of the snapshot
	Hub      string    `json:"hub"`
	Database string    `json:"database"` // sqlite or postgres
	Data     string    `json:"data"`     // where the data directory was
	Config   string    `json:"config"`   // text of the configuration
	HostKey  bool      `json:"host_key"` // whether the key that opens the signer's keys is here
}

// Kinds of entries.
const (
	kindRecords = "records" // the snapshot of the database
	kindBlob    = "blob"
	kindFile    = "file"
	kindDir     = "dir"
	kindLink    = "link"
)

// entry is one line of a list. The path of a file begins with the place that
// it belongs to: data/ or signer/.
type entry struct {
	Kind   string `json:"kind"`
	Path   string `json:"path,omitempty"`
	Sum    string `json:"sha256,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Mode   uint32 `json:"mode,omitempty"`
	Time   int64  `json:"time,omitempty"`  // microseconds
	Owner  string `json:"owner,omitempty"` // when not the one who made the backup
	Target string `json:"target,omitempty"`

	sum blob.Sum
}

func (e *entry) hasContent() bool {
	return e.Kind == kindRecords || e.Kind == kindBlob || e.Kind == kindFile
}

// manifest is the list of a backup: a header, entries, and a last line that
// says how many there are, all JSON, one a line, compressed.
type manifest struct {
	header
	Entries []entry
}

type trailer struct {
	End *int `json:"end"`
}

func (m *manifest) stamp() string { return m.Time.Format("20060102T150405.000Z") }

func (m *manifest) blob(r file.Reference) {
	m.Entries = append(m.Entries, entry{Kind: kindBlob, Sum: r.Sum.String(), Size: r.Size, sum: r.Sum})
}

func (m *manifest) encode(w io.Writer) error {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(z)
	if err := enc.Encode(m.header); err != nil {
		return err
	}
	for i := range m.Entries {
		if err := enc.Encode(&m.Entries[i]); err != nil {
			return err
		}
	}
	n := len(m.Entries)
	if err := enc.Encode(trailer{&n}); err != nil {
		return err
	}
	return z.Close()
}

// write puts the list into its place at once and durably: a backup is there
// when its list is.
func (m *manifest) write(name string) error {
	tmp := name + ".part"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(m.encode(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func readManifest(name string) (*manifest, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := decodeManifest(f)
	if err != nil {
		return nil, fmt.Errorf("read the list of the backup %s: %w", name, err)
	}
	return m, nil
}

// maxListLine bounds a line of a list: the longest holds the configuration.
const maxListLine = 16 << 20

func decodeManifest(r io.Reader) (*manifest, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	lines := bufio.NewScanner(z)
	lines.Buffer(make([]byte, 64<<10), maxListLine)
	m := &manifest{}
	if !lines.Scan() {
		return nil, errors.Join(errors.New("it is empty or no list"), lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &m.header); err != nil || m.Format == 0 {
		return nil, errors.New("it is no list of a backup of kura")
	}
	if m.Format > formatVersion {
		return nil, fmt.Errorf("it has format %d, this program knows only up to %d: use a newer kura", m.Format, formatVersion)
	}
	for lines.Scan() {
		var t trailer
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, err
		}
		if t.End != nil {
			if *t.End != len(m.Entries) {
				return nil, fmt.Errorf("it has %d entries instead of %d", len(m.Entries), *t.End)
			}
			return m, nil
		}
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if e.hasContent() {
			if e.sum, err = blob.ParseSum(e.Sum); err != nil {
				return nil, err
			}
		}
		if e.Kind != kindBlob && !filepath.IsLocal(e.Path) {
			return nil, fmt.Errorf("it names the path %q, which leads out of the data directory", e.Path)
		}
		m.Entries = append(m.Entries, e)
	}
	return nil, errors.Join(errors.New("its end is missing: the backup was cut short"), lines.Err())
}

// lists gives the names of the lists in a directory of backups, oldest first.
func lists(dir string) ([]string, error) {
	all, err := os.ReadDir(filepath.Join(dir, "backups"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range all {
		if strings.HasSuffix(e.Name(), listSuffix) {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}
