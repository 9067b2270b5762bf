package distro

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// apt runs apt's tools on a directory of its own, so that neither the host's
// state nor its other sources matter. Only the archive's address, the keys and
// the settings of the network come from the host.
type apt struct {
	dir   string
	suite string // codename, "bookworm"
}

// newApt makes the directory, and fetches the archive's lists if they are not
// there yet or refresh asks for it.
func newApt(ctx context.Context, cache, arch string, refresh bool, log *logger) (*apt, error) {
	suite, err := hostSuite()
	if err != nil {
		return nil, err
	}
	a := &apt{dir: filepath.Join(cache, "apt-"+suite+"-"+arch), suite: suite}
	for _, d := range []string{"etc/preferences.d", "state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	ok := filepath.Join(a.dir, "ok")
	if _, err := os.Stat(ok); err == nil && !refresh {
		return a, nil
	}
	archives, err := hostArchives(ctx, suite)
	if err != nil {
		return nil, err
	}
	settings, err := output(exec.CommandContext(ctx, "apt-config", "dump"))
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"etc/sources.list": sourcesList(archives, keyring()),
		"apt.conf":         aptConf(a.dir, arch, string(settings)),
		"state/status":     "",
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := a.run(ctx, "", "apt-get", "update", "-q"); err != nil {
		return nil, err
	}
	log.printf("apt's lists of %s are here", suite)
	return a, os.WriteFile(ok, nil, 0o644)
}

// run runs one of apt's tools and gives what it printed.
func (a *apt) run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(a.dir, "apt.conf"), "LC_ALL=C.UTF-8")
	return output(cmd)
}

// digest tells the state of the archive's lists: it changes when they do.
func (a *apt) digest() (string, error) {
	lists, err := filepath.Glob(filepath.Join(a.dir, "state/lists/*Release"))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, l := range lists {
		b, err := os.ReadFile(l)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(h, "%s %d\n", filepath.Base(l), len(b))
		_, _ = h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if len(said) > 2000 {
			said = said[len(said)-2000:]
		}
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(cmd.Path), firstWords(cmd.Args[1:]), err, said)
	}
	return stdout.Bytes(), nil
}

func firstWords(args []string) string {
	if len(args) > 6 {
		args = append(slices.Clone(args[:6]), "…")
	}
	return strings.Join(args, " ")
}

// hostSuite is the codename of the Debian that this host runs.
func hostSuite() (string, error) {
	b, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			return strings.Trim(v, `"`), nil
		}
	}
	return "", errors.New("/etc/os-release names no VERSION_CODENAME: the distribution is made on a Debian host, out of the release that it runs")
}

// archive is one place that apt installs from.
type archive struct{ uri, suite string }

// hostArchives asks apt where this host gets its own release from, updates and
// security fixes included.
func hostArchives(ctx context.Context, suite string) ([]archive, error) {
	out, err := output(exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"))
	if err != nil {
		return nil, err
	}
	all := parseArchives(string(out), suite)
	if len(all) == 0 {
		return nil, fmt.Errorf("apt on this host has no source of %s main: add Debian's archive to /etc/apt and try again", suite)
	}
	return all, nil
}

func parseArchives(targets, suite string) []archive {
	wanted := []string{suite, suite + "-updates", suite + "-security", suite + "/updates"}
	var all []archive
	for line := range strings.SplitSeq(targets, "\n") {
		f := strings.Fields(line)
		if len(f) != 3 || f[2] != "main" || !slices.Contains(wanted, f[1]) {
			continue
		}
		if a := (archive{f[0], f[1]}); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// keyring is the file with Debian's own keys, if the host keeps them there.
func keyring() string {
	const path = "/usr/share/keyrings/debian-archive-keyring.gpg"
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func sourcesList(archives []archive, keyring string) string {
	var b strings.Builder
	options := ""
	if keyring != "" {
		options = " [signed-by=" + keyring + "]"
	}
	for _, a := range archives {
		for _, kind := range []string{"deb", "deb-src"} {
			fmt.Fprintf(&b, "%s%s %s %s main\n", kind, options, a.uri, a.suite)
		}
	}
	return b.String()
}

// aptConf points apt at the directory, and keeps from the host's settings what
// says how to get through to the archive.
func aptConf(dir, arch, host string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(host, "\n") {
		for _, keep := range []string{"http", "https", "ftp", "Retries", "Check-", "Max-ValidTime", "ForceIPv", "By-Hash", "Proxy"} {
			if strings.HasPrefix(line, "Acquire::"+keep) {
				b.WriteString(line + "\n")
				break
			}
		}
	}
	for _, kv := range [][2]string{
		{"APT::Architecture", arch},
		{"APT::Sandbox::User", "root"},
		{"Acquire::Languages", "none"},
		{"Dir::State", dir + "/state"},
		{"Dir::State::status", dir + "/state/status"},
		{"Dir::Cache", dir + "/cache"},
		{"Dir::Etc", dir + "/etc"},
		{"Dir::Etc::parts", "-"},
		{"Dir::Etc::sourceparts", "-"},
		{"Dir::Etc::trusted", "/etc/apt/trusted.gpg"},
		{"Dir::Etc::trustedparts", "/etc/apt/trusted.gpg.d"},
		{"Dir::Etc::netrc", "/etc/apt/auth.conf"},
		{"Dir::Etc::netrcparts", "/etc/apt/auth.conf.d"},
	} {
		fmt.Fprintf(&b, "%s \"%s\";\n", kv[0], kv[1])
	}
	fmt.Fprintf(&b, "APT::Architectures { \"%s\"; };\n", arch)
	return b.String()
}
