package client

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
)

// Profile says where a hub is and who we are there. The keys are those of
// Koji's configuration files.
type Profile struct {
	Name     string
	Server   string // address of the hub's XML-RPC
	TopURL   string // address of its files
	WebURL   string // address of its pages
	AuthType string // ssl, password, token, noauth; empty: what there are credentials for
	Cert     string // PEM file with certificate and key
	ServerCA string // PEM file with the authorities to trust; empty: the system's
	User     string
	Password string
	Token    string // of kura's hubs
	NoVerify bool   // trust any server

	TokenFile string // holds the token, if Token is empty

	Timeout       time.Duration // for an answer to begin
	AuthTimeout   time.Duration
	MaxRetries    int
	RetryInterval time.Duration // the longest pause between two tries
	OfflineRetry  bool          // keep trying while the hub says it is offline
	BlockSize     int           // bytes of an upload's pieces
}

// Where says which profile to look for, and in which files.
type Where struct {
	Profile string   // its name; empty: see Load
	Config  string   // a file that is read in the place of the user's own
	Data    string   // the data directory of a kura on this machine
	Home    string   // the user's home
	System  string   // usually /etc
	Extra   []string // more files, read last
	Token   string   // from the environment: used in the place of how the profile logs in
}

// Default names of profiles, tried in this order when none is asked for.
var defaults = []string{"local-admin", "kura", "koji"}

// files lists the configuration files, later ones override earlier ones.
func (w Where) files() ([]string, error) {
	list := dropIns(filepath.Join(w.System, "koji.conf.d"))
	list = append(list, filepath.Join(w.System, "koji.conf"))
	if w.Data != "" {
		list = append(list, filepath.Join(w.Data, "client", "koji.conf"))
	}
	if w.Config != "" {
		if _, err := os.Stat(w.Config); err != nil {
			return nil, kura.Errorf("client.Load", kura.Invalid, "read the configuration: %w", err)
		}
		list = append(list, w.Config)
	} else if w.Home != "" {
		list = append(list, dropIns(filepath.Join(w.Home, ".koji", "config.d"))...)
		list = append(list, filepath.Join(w.Home, ".koji", "config"))
		list = append(list, dropIns(filepath.Join(w.Home, ".config", "kura"))...)
	}
	return append(list, w.Extra...), nil
}

func dropIns(dir string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, "*.conf")) // the pattern is well-formed
	slices.Sort(list)
	return list
}

// Load finds a profile. Without a name it takes local-admin, kura or koji,
// whichever there is first.
func Load(w Where) (*Profile, error) {
	const op = "client.Load"
	files, err := w.files()
	if err != nil {
		return nil, err
	}
	all := map[string]section{}
	var read []string
	for _, name := range files {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if errors.Is(err, fs.ErrPermission) && name != w.Config {
			continue // somebody else's; what it would have said is missed below, by name
		}
		if err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "read the configuration: %w", err)
		}
		err = readINI(all, name, f)
		f.Close()
		if err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "%w", err)
		}
		read = append(read, name)
	}
	name := w.Profile
	if name == "" {
		for _, d := range defaults {
			if all[d] != nil {
				name = d
				break
			}
		}
	}
	s := all[name]
	if s == nil {
		return nil, missing(name, all, read, files)
	}
	p, err := newProfile(name, s, w.Home)
	if err == nil && w.Token != "" {
		p.AuthType, p.Token, p.TokenFile = "token", w.Token, ""
	}
	return p, err
}

func missing(name string, all map[string]section, read, files []string) error {
	const op = "client.Load"
	if len(read) == 0 {
		return kura.Errorf(op, kura.Invalid, "no hub is configured: none of %s can be read; "+
			"run `kura init` for a hub on this machine, or name a file with --config", strings.Join(files, ", "))
	}
	known := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
	if name == "" {
		return kura.Errorf(op, kura.Invalid, "which hub? name a profile with --profile or KURA_PROFILE; %s have: %s",
			strings.Join(read, ", "), known)
	}
	return kura.Errorf(op, kura.Invalid, "no profile %q in %s; there are: %s", name, strings.Join(read, ", "), known)
}

func newProfile(name string, s section, home string) (*Profile, error) {
	p := &Profile{
		Name: name, Server: s["server"], TopURL: strings.TrimRight(s["topurl"], "/"), WebURL: strings.TrimRight(s["weburl"], "/"),
		AuthType: s["authtype"], Cert: expand(s["cert"], home), ServerCA: expand(s["serverca"], home),
		User: s["user"], Password: s["password"], Token: s["token"], TokenFile: expand(s["token_file"], home),
		Timeout: time.Hour, AuthTimeout: time.Minute, MaxRetries: 30, RetryInterval: 20 * time.Second, BlockSize: 1 << 20,
	}
	if p.Server == "" {
		return nil, kura.Errorf("client.Load", kura.Invalid, "profile %q has no server: add \"server = https://…/kojihub\"", name)
	}
	var err error
	truth := func(key string, to *bool) {
		if v, ok := s[key]; ok && err == nil {
			*to, err = parseBool(key, v)
		}
	}
	number := func(key string, least int, to func(int)) {
		if v, ok := s[key]; ok && err == nil {
			n, e := strconv.Atoi(v)
			if e != nil || n < least || n > 1<<30 {
				err = fmt.Errorf("%s = %q: want a number of at least %d", key, v, least)
				return
			}
			to(n)
		}
	}
	seconds := func(to *time.Duration) func(int) {
		return func(n int) { *to = time.Duration(n) * time.Second }
	}
	truth("no_ssl_verify", &p.NoVerify)
	truth("offline_retry", &p.OfflineRetry)
	number("timeout", 1, seconds(&p.Timeout))
	number("auth_timeout", 1, seconds(&p.AuthTimeout))
	number("retry_interval", 0, seconds(&p.RetryInterval))
	number("max_retries", 0, func(n int) { p.MaxRetries = n })
	number("upload_blocksize", 1024, func(n int) { p.BlockSize = min(n, 64<<20) })
	if err != nil {
		return nil, kura.Errorf("client.Load", kura.Invalid, "profile %q: %w", name, err)
	}
	p.findFiles(home)
	return p, nil
}

// findFiles takes Koji's usual places for what the profile does not name.
func (p *Profile) findFiles(home string) {
	usual := func(to *string, name string) {
		if path := filepath.Join(home, ".koji", name); *to == "" && home != "" {
			if _, err := os.Stat(path); err == nil {
				*to = path
			}
		}
	}
	usual(&p.Cert, "client.crt")
	usual(&p.ServerCA, "serverca.crt")
}

func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	return path
}

func parseBool(key, v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, fmt.Errorf("%s = %q: want yes or no", key, v)
}
