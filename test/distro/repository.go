package distro

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// repositories makes the metadata: one repository of the binary packages with
// the groups, one of the source packages.
func (m *maker) repositories(ctx context.Context, dir string) error {
	groups, err := compsXML()
	if err != nil {
		return err
	}
	comps := filepath.Join(dir, "comps.xml")
	if err := os.WriteFile(comps, groups, 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"--groupfile", comps, "--excludes", "src/*", "--excludes", "*.src.rpm", dir},
		{filepath.Join(dir, "src")},
	} {
		// createrepo_c records the times of the files: they must not tell when.
		args = append([]string{"-q", "--no-database", "--revision", strconv.Itoa(epoch), "--set-timestamp-to-revision",
			"--workers", strconv.Itoa(m.Jobs)}, args...)
		if _, err := output(exec.CommandContext(ctx, "createrepo_c", args...)); err != nil {
			return err
		}
	}
	return nil
}
