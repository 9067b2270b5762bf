package client

import (
	"time"
)

var buildStates = []string{"building", "complete", "deleted", "failed", "canceled"}

// BuildState is where a build stands.
type BuildState int64

// The states, with Koji's numbers.
const (
	BuildBuilding BuildState = iota
	BuildComplete
	BuildDeleted
	BuildFailed
	BuildCanceled
)

func (s BuildState) String() string { return nameOf(buildStates, int64(s)) }

// ParseBuildState reads a state's name.
func ParseBuildState(name string) (BuildState, bool) {
	for i, n := range buildStates {
		if n == name {
			return BuildState(i), true
		}
	}
	return 0, false
}

// Build is a version of a package that was built, or was tried to.
type Build struct {
	ID, Package, Task      int64
	NVR                    string
	Name, Version, Release string
	Epoch                  string
	State                  BuildState
	OwnerName              string
	Volume                 string
	Source                 string
	TagName                string // in lists of a tag
	Created, Started       time.Time
	Completed              time.Time
	Fields                 Map
}

// BuildOf reads a build.
func BuildOf(m Map) Build {
	b := Build{
		ID: m.Int("build_id"), Package: m.Int("package_id"), Task: m.Int("task_id"),
		NVR: m.Str("nvr"), Name: m.Str("package_name"), Version: m.Str("version"), Release: m.Str("release"),
		Epoch: m.Str("epoch"), State: BuildState(m.Int("state")), OwnerName: m.Str("owner_name"),
		Volume: m.Str("volume_name"), Source: m.Str("source"), TagName: m.Str("tag_name"),
		Created: m.Time("creation_ts"), Started: m.Time("start_ts"), Completed: m.Time("completion_ts"), Fields: m,
	}
	if b.ID == 0 {
		b.ID = m.Int("id")
	}
	if b.Name == "" {
		b.Name = m.Str("name")
	}
	if b.NVR == "" {
		b.NVR = b.Name + "-" + b.Version + "-" + b.Release
	}
	return b
}

// Dir is the build's place below topurl. Names that are no single path
// elements give an error: they come from the hub.
func (b *Build) Dir() (string, error) {
	for _, part := range []string{b.Name, b.Version, b.Release} {
		if err := CheckName(part); err != nil {
			return "", err
		}
	}
	dir := "packages/" + b.Name + "/" + b.Version + "/" + b.Release
	if b.Volume == "" || b.Volume == "DEFAULT" {
		return dir, nil
	}
	if err := CheckName(b.Volume); err != nil {
		return "", err
	}
	return "vol/" + b.Volume + "/" + dir, nil
}

// RPM is one package file.
type RPM struct {
	ID, Build              int64
	Name, Version, Release string
	Arch, Epoch            string
	Size                   int64
	PayloadHash            string
	BuildTime              time.Time
	External               string // the external repository it is from
	Fields                 Map
}

// RPMOf reads an RPM.
func RPMOf(m Map) RPM {
	return RPM{
		ID: m.Int("id"), Build: m.Int("build_id"), Name: m.Str("name"), Version: m.Str("version"),
		Release: m.Str("release"), Arch: m.Str("arch"), Epoch: m.Str("epoch"), Size: m.Int("size"),
		PayloadHash: m.Str("payloadhash"), BuildTime: m.Time("buildtime"), External: m.Str("external_repo_name"), Fields: m,
	}
}

// File is the name of the package's file.
func (r *RPM) File() string {
	return r.Name + "-" + r.Version + "-" + r.Release + "." + r.Arch + ".rpm"
}

// Path is the file's place below the build's directory; with a key, that of
// the copy that the key has signed.
func (r *RPM) Path(key string) (string, error) {
	for _, part := range []string{r.Arch, r.File()} {
		if err := CheckName(part); err != nil {
			return "", err
		}
	}
	p := r.Arch + "/" + r.File()
	if key == "" {
		return p, nil
	}
	if err := CheckName(key); err != nil {
		return "", err
	}
	return "data/signed/" + key + "/" + p, nil
}

// Tag is a set of builds with its settings.
type Tag struct {
	ID     int64
	Name   string
	Arches string
	Perm   string
	Locked bool
	Extra  Map
	Fields Map
}

// TagOf reads a tag.
func TagOf(m Map) Tag {
	return Tag{ID: m.Int("id"), Name: m.Str("name"), Arches: m.Str("arches"), Perm: m.Str("perm"),
		Locked: m.Bool("locked"), Extra: m.Map("extra"), Fields: m}
}
