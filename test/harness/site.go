package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/client"
)

// Section is a part of a configuration: kura.toml's tables, by name.
type Section = map[string]any

// Options say what a site is like.
type Options struct {
	Program  string // from Build
	Dir      string // for everything; must not exist
	Database string // empty: SQLite
	Builder  string // the builder's directory; empty: in Dir. One builder at a time may have it
	Signer   bool
	Config   map[string]Section // added to what the site sets
	PKI      string             // data directory of another hub of the same kura, whose authority is taken
}

// Site is one kura: its data directory, its ports, its processes.
type Site struct {
	Options
	Data               string
	Name               string
	Web, Cert, Plain   string // https://…, https://…, http://…
	DatabaseURL, Blobs string

	mu        sync.Mutex
	processes []*Process
	clients   []*client.Hub
}

// New makes a site: configuration and kura init.
func New(ctx context.Context, o Options) (*Site, error) {
	ports, err := Ports(3)
	if err != nil {
		return nil, err
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	s := &Site{
		Options: o, Data: filepath.Join(o.Dir, "data"), Name: "hub-" + filepath.Base(o.Dir),
		Web: "https://" + at(0), Cert: "https://" + at(1), Plain: "http://" + at(2), DatabaseURL: o.Database,
	}
	// Roots lie below: their users pass through.
	for _, d := range []string{o.Dir, s.Data} {
		if err := errors.Join(os.MkdirAll(d, 0o755), os.Chmod(d, 0o755)); err != nil {
			return nil, err
		}
	}
	if s.DatabaseURL == "" {
		s.DatabaseURL = "sqlite:" + filepath.Join(s.Data, "db", "kura.db")
	}
	s.Blobs = filepath.Join(s.Data, "blobs")
	if s.Builder == "" {
		s.Builder = filepath.Join(o.Dir, "builder")
	}
	conf := map[string]Section{
		"hub":      {"name": s.Name, "dist": ".e2e"},
		"listen":   {"web": at(0), "certificate": at(1), "plain": at(2)},
		"database": {"url": s.DatabaseURL},
		"blobs":    {"min_free": 1 << 20},
		"builder":  {"name": "builder1", "dir": s.Builder},
		"signer":   {"enabled": o.Signer},
		"limits":   {"disk": 1 << 30},
		"log":      {"level": "debug"},
	}
	for name, section := range o.Config {
		for k, v := range section {
			if conf[name] == nil {
				conf[name] = Section{}
			}
			conf[name][k] = v
		}
	}
	if url, ok := conf["blobs"]["url"].(string); ok {
		s.Blobs = strings.TrimPrefix(url, "dir:")
	}
	if n, ok := conf["hub"]["name"].(string); ok {
		s.Name = n
	}
	if err := writeConfig(filepath.Join(s.Data, "kura.toml"), conf); err != nil {
		return nil, err
	}
	if o.PKI != "" {
		if err := s.join(); err != nil {
			return nil, err
		}
	}
	_, err = s.Run(ctx, "init", "--silent")
	return s, err
}

func writeConfig(file string, conf map[string]Section) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(toml.NewEncoder(f).Encode(conf), f.Close())
}

// join takes the authority and the people of another hub's directory. The hub
// and its builder get certificates of their own.
func (s *Site) join() error {
	for _, d := range []string{"pki", "client"} {
		if err := os.CopyFS(filepath.Join(s.Data, d), os.DirFS(filepath.Join(s.PKI, d))); err != nil {
			return err
		}
	}
	pki := filepath.Join(s.Data, "pki")
	return errors.Join(os.Remove(filepath.Join(pki, "hub.pem")), os.Remove(filepath.Join(pki, "builder.pem")))
}

// Run runs a command of the program to its end and gives what it wrote.
func (s *Site) Run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.Program, append([]string{"--data", s.Data}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+s.Dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("kura %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// Start runs a role in the background. Roles that serve are waited for.
func (s *Site) Start(ctx context.Context, role string, args ...string) (*Process, error) {
	p, err := start(role, filepath.Join(s.Dir, role+".log"), s.Program, append([]string{role, "--data", s.Data}, args...)...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.processes = append(s.processes, p)
	s.mu.Unlock()
	if role == "hub" || role == "up" {
		return p, s.ready(ctx, p)
	}
	return p, nil
}

// StartAt starts a builder that reaches its hub at another address than the
// hub's own: a proxy's.
func (s *Site) StartAt(ctx context.Context, role, address string) (*Process, error) {
	file := filepath.Join(s.Data, "kura.toml")
	var conf map[string]Section
	if _, err := toml.DecodeFile(file, &conf); err != nil {
		return nil, err
	}
	conf["builder"]["hub"] = address
	if err := writeConfig(filepath.Join(s.Data, role+".toml"), conf); err != nil {
		return nil, err
	}
	return s.Start(ctx, role, "--configuration", filepath.Join(s.Data, role+".toml"))
}

// ready waits until the hub does its work.
func (s *Site) ready(ctx context.Context, p *Process) error {
	h, err := s.HTTP("")
	if err != nil {
		return err
	}
	defer h.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Web+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := h.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body) // only the status matters
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(res.Status)
		}
		select {
		case <-p.Ended():
			return fmt.Errorf("%s ended at its start: see %s", p.Name, p.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.Name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close ends all processes, the last first.
func (s *Site) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.Close()
	}
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].Stop()
	}
	s.unmount()
}

// unmount takes away what a killed builder left mounted, as its next start
// would.
func (s *Site) unmount() {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], s.Builder+"/") {
			_ = unix.Unmount(f[1], unix.MNT_DETACH) // else it shows when the directory is removed
		}
	}
}

// Logs gives the last lines of each process's log.
func (s *Site) Logs(lines int) string {
	var out strings.Builder
	names, _ := filepath.Glob(filepath.Join(s.Dir, "*.log")) // the pattern is well-formed
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		all := strings.SplitAfter(string(b), "\n")
		fmt.Fprintf(&out, "== %s\n%s", name, strings.Join(all[max(0, len(all)-lines):], ""))
	}
	return out.String()
}
