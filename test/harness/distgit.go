package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// gitEnv makes git log in with a certificate, without any configuration of
// this machine's.
func (s *Site) gitEnv(cert string) []string {
	c := filepath.Join(s.Data, "client")
	pem := filepath.Join(c, cert)
	return append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_SSL_CAINFO="+filepath.Join(c, "ca.crt"), "GIT_SSL_CERT="+pem, "GIT_SSL_KEY="+pem,
		"GIT_AUTHOR_NAME=koji-user", "GIT_AUTHOR_EMAIL=koji-user@localhost", "GIT_COMMITTER_NAME=koji-user", "GIT_COMMITTER_EMAIL=koji-user@localhost",
	)
}

// Push makes a branch of a package's dist-git repository with these files and
// gives the address to build it from.
func (s *Site) Push(ctx context.Context, pkg, branch string, files map[string]string) (string, error) {
	return s.PushAs(ctx, "user.pem", pkg, branch, files)
}

// PushAs is Push under another certificate of the client directory.
func (s *Site) PushAs(ctx context.Context, cert, pkg, branch string, files map[string]string) (string, error) {
	dir, err := os.MkdirTemp(s.Dir, "push-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=" + branch}, {"add", "--all"}, {"commit", "--quiet", "-m", "Package"},
		{"push", "--quiet", s.Cert + "/rpms/" + pkg + ".git", branch},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir, cmd.Env = dir, s.gitEnv(cert)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return s.Source(pkg, branch), nil
}

// Source is the address of a branch of a package's dist-git repository.
func (s *Site) Source(pkg, branch string) string {
	return "git+" + s.Cert + "/rpms/" + pkg + ".git?#" + branch
}
