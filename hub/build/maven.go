package build

import (
	"context"
	"crypto/md5"  //nolint:gosec // Maven's clients ask for it
	"crypto/sha1" //nolint:gosec // Maven's clients ask for it
	"encoding/hex"
	"io"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/pom"
	"github.com/kura-build/kura/hub/tag"
)

// MavenFile is an archive that Maven finds in a tag, and its build.
type MavenFile struct {
	Archive *Archive
	Build   *Tagged
}

// MavenIn gives what Maven finds in a tag. Of each artifact that is the version
// tagged last, and all versions from tags that include all; of each version,
// the files of the build that was tagged last.
func MavenIn(ctx context.Context, tx *db.Tx, q TaggedQuery) ([]MavenFile, error) {
	const op = "build.MavenIn"
	q.Latest, q.Type = 0, "maven"
	builds, err := ListTagged(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	archives, err := ArchivesOf(ctx, tx, builds, "maven")
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*Tagged, len(builds))
	for _, b := range builds {
		byID[b.ID] = b
	}
	all := map[int64]bool{} // tags that include all versions
	for _, b := range builds {
		if _, ok := all[b.TagID]; ok {
			continue
		}
		t, err := tag.Get(ctx, tx, tag.ByID(b.TagID), q.At)
		if err != nil {
			return nil, kura.E(op, err)
		}
		all[b.TagID] = t.MavenIncludeAll
	}
	var out []MavenFile
	taken := map[[2]string]map[string]int64{} // of an artifact, the build of each version
	for _, a := range archives {
		b := byID[a.BuildID]
		name := [2]string{a.Maven.Group, a.Maven.Artifact}
		versions := taken[name]
		from, seen := versions[a.Maven.Version]
		switch {
		case versions == nil:
			taken[name] = map[string]int64{a.Maven.Version: b.ID}
		case !seen && all[b.TagID]:
			versions[a.Maven.Version] = b.ID
		case !seen || from != b.ID:
			continue
		}
		out = append(out, MavenFile{a, b})
	}
	return out, nil
}

// MavenOfAll gives the Maven data of builds, by their numbers.
func MavenOfAll(ctx context.Context, tx *db.Tx, builds []int64) (map[int64]Maven, error) {
	type row struct {
		id int64
		m  Maven
	}
	got, err := inParts(builds, func(ids []int64) ([]row, error) {
		var q db.Builder
		q.Add("SELECT build_id, group_id, artifact_id, version FROM maven_builds WHERE")
		return db.Find(ctx, tx, func(s db.Scanner) (r row, err error) {
			return r, s.Scan(&r.id, &r.m.Group, &r.m.Artifact, &r.m.Version)
		}, db.In(&q, "build_id", ids))
	})
	out := make(map[int64]Maven, len(got))
	for _, r := range got {
		out[r.id] = r.m
	}
	return out, kura.E("build.MavenOfAll", err)
}

// PlatformsOf gives the platforms of builds for Windows, by their numbers.
func PlatformsOf(ctx context.Context, tx *db.Tx, builds []int64) (map[int64]string, error) {
	type row struct {
		id       int64
		platform string
	}
	got, err := inParts(builds, func(ids []int64) ([]row, error) {
		var q db.Builder
		q.Add("SELECT build_id, platform FROM win_builds WHERE")
		return db.Find(ctx, tx, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.id, &r.platform) }, db.In(&q, "build_id", ids))
	})
	out := make(map[int64]string, len(got))
	for _, r := range got {
		out[r.id] = r.platform
	}
	return out, kura.E("build.PlatformsOf", err)
}

// MaxPOM is the most bytes of a .pom file that are read.
const MaxPOM = 8 << 20

// ForMaven compares a .pom file with what is said of it, and makes the files of
// checksums that Maven's clients look for beside each file.
func (s *Stored) ForMaven(ctx context.Context, blobs blob.Store, a *Archive) error {
	const op = "build.ForMaven"
	r, err := blobs.Open(ctx, s.Blob.Sum)
	if err != nil {
		return kura.E(op, err)
	}
	defer r.Close()
	if strings.HasSuffix(strings.ToLower(a.Filename), ".pom") {
		n, err := pom.Read(io.LimitReader(io.NewSectionReader(r, 0, s.Blob.Size), MaxPOM))
		if err != nil {
			return kura.Errorf(op, kura.Invalid, "%s: %w", a.Filename, err)
		}
		if has := Maven(n); has != *a.Maven {
			return kura.Errorf(op, kura.Build, "Maven info from .pom file (%s) does not match user-supplied typeInfo (%s)", has, a.Maven)
		}
		if a.Filename != a.Maven.Artifact+"-"+a.Maven.Version+".pom" {
			return kura.Errorf(op, kura.Build, "Maven info (%s) is not consistent with pom filename (%s)", a.Maven, a.Filename)
		}
	}
	s.Beside, err = MavenSums(ctx, blobs, s.Blob)
	return err
}

// MavenSums makes the files of checksums that stand beside a file, by what is
// added to its name.
func MavenSums(ctx context.Context, blobs blob.Store, b blob.Info) (map[string]blob.Info, error) {
	const op = "build.MavenSums"
	r, err := blobs.Open(ctx, b.Sum)
	if err != nil {
		return nil, kura.E(op, err)
	}
	defer r.Close()
	m, sh := md5.New(), sha1.New() //nolint:gosec // as above
	if _, err := io.Copy(io.MultiWriter(m, sh), io.NewSectionReader(r, 0, b.Size)); err != nil {
		return nil, kura.E(op, err)
	}
	out := map[string]blob.Info{}
	for end, sum := range map[string][]byte{".md5": m.Sum(nil), ".sha1": sh.Sum(nil)} {
		if out[end], err = blobs.Put(ctx, strings.NewReader(hex.EncodeToString(sum)), nil); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return out, nil
}
