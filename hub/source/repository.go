package source

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
)

// Repositories are the dist-git repositories below one directory, one a
// package: DIR/rpms/NAME.git.
type Repositories struct{ dir string }

// NewRepositories keeps repositories below a directory.
func NewRepositories(dir string) *Repositories { return &Repositories{dir: dir} }

// Root is the directory that git is given as its project root.
func (r *Repositories) Root() string { return r.dir }

// Path gives the directory of a package's repository. The name is checked: it
// becomes a part of a path.
func (r *Repositories) Path(name string) (string, error) {
	if err := rpm.CheckName(name); err != nil {
		return "", &kura.Error{Op: "source.Path", Kind: kura.Invalid, Err: err}
	}
	return filepath.Join(r.dir, "rpms", name+".git"), nil
}

// Exists reports whether a package has a repository.
func (r *Repositories) Exists(name string) bool {
	p, err := r.Path(name)
	if err != nil {
		return false
	}
	_, err = os.Lstat(filepath.Join(p, "HEAD"))
	return err == nil
}

// Create makes an empty repository; one that exists is left alone.
func (r *Repositories) Create(ctx context.Context, name string) error {
	const op = "source.Create"
	p, err := r.Path(name)
	if err != nil {
		return kura.E(op, err)
	}
	if r.Exists(name) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return kura.E(op, err)
	}
	// made beside and renamed, so that a half-made one is never seen
	tmp, err := os.MkdirTemp(filepath.Dir(p), ".new-")
	if err != nil {
		return kura.E(op, err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return kura.E(op, err)
	}
	cmd := exec.CommandContext(ctx, "git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--", tmp)
	cmd.Env = Env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return kura.Errorf(op, kura.Other, "make the repository of %s: git init: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(tmp, p); err != nil && !r.Exists(name) {
		return kura.E(op, err)
	}
	return nil
}

// List names the packages that have a repository.
func (r *Repositories) List() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(r.dir, "rpms"))
	if err != nil && !os.IsNotExist(err) {
		return nil, kura.E("source.List", err)
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".git"); ok && rpm.CheckName(name) == nil {
			out = append(out, name)
		}
	}
	return out, nil
}

// Env is the environment in which the hub runs git: no configuration but
// this, no hooks, no prompts. Objects are checked as they arrive.
func Env() []string {
	env := []string{
		"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false",
	}
	config := [][2]string{
		{"safe.directory", "*"}, {"core.hooksPath", "/dev/null"}, {"receive.fsckObjects", "true"},
		{"receive.maxInputSize", "268435456"}, {"receive.denyDeletes", "true"}, {"receive.denyNonFastForwards", "true"},
		{"uploadpack.allowAnySHA1InWant", "true"}, {"uploadpack.allowFilter", "true"},
		{"core.fsyncMethod", "fsync"}, {"core.fsync", "all"}, {"http.receivepack", "true"},
	}
	for i, kv := range config {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+kv[0], "GIT_CONFIG_VALUE_"+n+"="+kv[1])
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(config)))
}

// MayPush reports whether somebody may change the sources of a package: an
// administrator, or the package's owner in any tag.
func MayPush(ctx context.Context, tx *db.Tx, a account.Actor, name string) error {
	const op = "source.MayPush"
	if !a.LoggedIn() {
		return kura.Errorf(op, kura.Unauthenticated, "log in with a certificate to change the sources of %s", name)
	}
	if a.Has(account.Admin) {
		return nil
	}
	var n int64
	err := tx.Row(ctx, `SELECT count(*) FROM tag_package_owners o JOIN package p ON p.id = o.package_id
		WHERE p.name = $1 AND o.owner = $2 AND o.revoke_event IS NULL`, name, a.ID).Scan(&n)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		return kura.Errorf(op, kura.Denied, "%s owns %s in no tag: its owner or an administrator may change its sources", a.Name, name)
	}
	return nil
}
