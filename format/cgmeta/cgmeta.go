// Package cgmeta reads the metadata with which content generators describe a
// build: version 0 of Koji's format
// (https://docs.pagure.org/koji/content_generator_metadata/).
package cgmeta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Metadata describes a build: where it was built, of what, and what came out.
type Metadata struct {
	Version    *int `json:"metadata_version"`
	Build      Build
	Buildroots []Buildroot
	Output     []Output
}

// Build is what is said of the build as a whole. Times are seconds since 1970.
type Build struct {
	ID      int64 `json:"build_id"` // of a build that was reserved
	Name    string
	Version string
	Release string
	Epoch   *int64
	Source  *string
	Start   *float64 `json:"start_time"`
	End     *float64 `json:"end_time"`
	Owner   string
	Task    *int64 `json:"task_id"`
	Extra   map[string]json.RawMessage
}

// Key is how outputs name the root that they come from: a number, as a rule.
type Key string

// UnmarshalJSON takes numbers and texts.
func (k *Key) UnmarshalJSON(b []byte) error {
	if *k = Key(b); *k == "null" {
		*k = ""
	}
	return nil
}

// Buildroot is where a part of the outputs was built.
type Buildroot struct {
	ID               Key
	Host             struct{ OS, Arch string }
	ContentGenerator struct{ Name, Version string } `json:"content_generator"`
	Container        struct{ Type, Arch string }
	Tools            []Tool
	Components       []Component
	Extra            json.RawMessage
}

// Tool is a program that built.
type Tool struct{ Name, Version string }

// Component is what stood in a root, or is in an output. Which of the fields
// mean something is said by its type: rpm, file or kojifile.
type Component struct {
	Type string

	Name, Version, Release, Arch string
	Epoch                        *int64
	SigMD5                       string
	Location                     json.RawMessage // of rpms that are not the hub's
	ID                           json.RawMessage // is refused

	Filename     string
	Size         *int64 `json:"filesize"`
	Checksum     string
	ChecksumType string `json:"checksum_type"`

	Archive int64  `json:"archive_id"`
	NVR     string `json:"nvr"`
}

// Output is a file that came out.
type Output struct {
	Buildroot    Key `json:"buildroot_id"`
	Filename     string
	Relpath      string // where it was uploaded, below the directory of all
	Subdir       string // where it goes
	Size         int64  `json:"filesize"`
	Arch         string
	Checksum     string
	ChecksumType string `json:"checksum_type"`
	Type         string // rpm, log, or whatever: those are archives
	MetadataOnly bool   `json:"metadata_only"`
	Components   []Component
	Extra        map[string]json.RawMessage
}

// Parse reads metadata and checks what can be checked by looking at it alone.
func Parse(text []byte) (*Metadata, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	m := &Metadata{}
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("metadata is not as it should be: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("metadata is not as it should be: there is more after its end")
	}
	return m, m.check()
}

func (m *Metadata) check() error {
	if m.Version == nil {
		return errors.New("metadata_version is missing in metadata")
	}
	if *m.Version != 0 {
		return fmt.Errorf("No such metadata version: %d", *m.Version) // as Koji says it
	}
	if m.Build.Start == nil || m.Build.End == nil {
		return errors.New("build has no start_time or no end_time in metadata")
	}
	if len(m.Buildroots) == 0 {
		return errors.New("metadata names no buildroots: who built it is said there")
	}
	var known, used []Key
	for _, o := range m.Output {
		used = append(used, o.Buildroot)
	}
	for _, b := range m.Buildroots {
		switch {
		case b.ID == "":
			return errors.New("a buildroot has no id in metadata")
		case !slices.Contains(used, b.ID):
			return fmt.Errorf("Buildroot id not used in output: %s", b.ID) // as Koji says it
		case slices.Contains(known, b.ID):
			return fmt.Errorf("Duplicate buildroot id in metadata: %s", b.ID) // as Koji says it
		case b.ContentGenerator.Name == "":
			return fmt.Errorf("buildroot %s has no content_generator in metadata", b.ID)
		case b.Container.Arch == "" || b.Container.Type == "":
			return fmt.Errorf("buildroot %s has no container in metadata", b.ID)
		}
		known = append(known, b.ID)
	}
	for _, o := range m.Output {
		if !slices.Contains(known, o.Buildroot) {
			return fmt.Errorf("Missing buildroot metadata for id %s", o.Buildroot) // as Koji says it
		}
		if o.Filename == "" || o.Type == "" {
			return errors.New("an output has no filename or no type in metadata")
		}
	}
	return nil
}

// legacy are the types that have their data beside typeinfo.
var legacy = []string{"maven", "win", "image"}

// Types are the types of the build, each with what it says of itself.
func (b *Build) Types() (map[string]json.RawMessage, error) {
	out, err := typeInfo(b.Extra)
	if err != nil {
		return nil, err
	}
	for _, t := range legacy {
		v, ok := b.Extra[t]
		if !ok {
			continue
		}
		if _, twice := out[t]; twice {
			return nil, fmt.Errorf("Duplicate typeinfo for '%s'", t) // as Koji says it
		}
		out[t] = v
	}
	return out, nil
}

// IsArchive reports whether an output is neither an rpm nor a log.
func (o *Output) IsArchive() bool { return o.Type != "rpm" && o.Type != "log" }

// BType is the one type of the build whose file an output is, and what that
// says of the file.
func (o *Output) BType() (name string, info json.RawMessage, err error) {
	all, err := typeInfo(o.Extra)
	if err != nil {
		return "", nil, err
	}
	for _, t := range legacy {
		if v, ok := o.Extra[t]; ok {
			if o.Subdir != "" {
				return "", nil, errors.New("subdir field not allowed for legacy btypes")
			}
			if _, twice := all[t]; twice {
				return "", nil, fmt.Errorf("Duplicate typeinfo for: '%s'", t) // as Koji says it
			}
			all[t] = v
		}
	}
	switch len(all) {
	case 0:
		return "", nil, fmt.Errorf("No typeinfo for: %s", o.Filename) // as Koji says it
	case 1:
		for name, info = range all {
		}
		return name, info, nil
	}
	return "", nil, fmt.Errorf("Output file has multiple types: %s", o.Filename) // as Koji says it
}

func typeInfo(extra map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	if v, ok := extra["typeinfo"]; ok {
		if err := json.Unmarshal(v, &out); err != nil {
			return nil, fmt.Errorf("typeinfo is not as it should be: %w", err)
		}
	}
	return out, nil
}

// TaskID is the task that built it, which some say in one place and some in
// another.
func (b *Build) TaskID() (*int64, error) {
	v, ok := b.Extra["container_koji_task_id"]
	if !ok {
		return b.Task, nil
	}
	var other int64
	if err := json.Unmarshal(v, &other); err != nil {
		return nil, fmt.Errorf("container_koji_task_id is no number: %w", err)
	}
	if b.Task != nil && *b.Task != other {
		return nil, fmt.Errorf("CG provided non-matching task_id %d and container_koji_task_id %d", *b.Task, other)
	}
	return &other, nil
}
