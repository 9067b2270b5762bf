package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/kura-build/kura/hub/flow"
)

// Config is all that can be configured. kura.example.toml explains each key;
// a test keeps the two together.
type Config struct {
	Data         string `toml:"data"`
	Organization string `toml:"organization"`

	Hub      HubConfig      `toml:"hub"`
	Listen   ListenConfig   `toml:"listen"`
	Database DatabaseConfig `toml:"database"`
	Blobs    BlobsConfig    `toml:"blobs"`
	Bus      BusConfig      `toml:"bus"`
	Login    LoginConfig    `toml:"login"`
	Sources  SourcesConfig  `toml:"sources"`
	Koji     KojiConfig     `toml:"koji"`
	Mail     MailConfig     `toml:"mail"`
	Policy   PolicyConfig   `toml:"policy"`
	Builder  BuilderConfig  `toml:"builder"`
	Signer   SignerConfig   `toml:"signer"`
	Limits   LimitsConfig   `toml:"limits"`
	Log      LogConfig      `toml:"log"`
}

// HubConfig names this hub.
type HubConfig struct {
	Name  string   `toml:"name"`
	Hosts []string `toml:"hosts"`
	Dist  string   `toml:"dist"`
}

// ListenConfig says where the ways in listen.
type ListenConfig struct {
	Web         string `toml:"web"`
	Certificate string `toml:"certificate"`
	Plain       string `toml:"plain"`
	Git         string `toml:"git"`
}

// DatabaseConfig is the db leg.
type DatabaseConfig struct {
	URL string `toml:"url"`
}

// BlobsConfig is the blob leg.
type BlobsConfig struct {
	URL     string `toml:"url"`
	MinFree int64  `toml:"min_free"`
}

// BusConfig is the bus leg.
type BusConfig struct {
	URL     string   `toml:"url"`
	Cluster string   `toml:"cluster"`
	Routes  []string `toml:"routes"`
	Secret  string   `toml:"secret"`
}

// LoginConfig says how people log in.
type LoginConfig struct {
	CreatesUser    bool          `toml:"creates_user"`
	CheckClientIP  bool          `toml:"check_client_ip"`
	SessionRenewal time.Duration `toml:"session_renewal"`
}

// SourcesConfig says what may be built.
type SourcesConfig struct {
	AllowedSCMs string `toml:"allowed_scms"`
}

// KojiConfig says what Koji's users may ask for: which kinds of builds of its own
// builders, and which endings of side tags' names.
type KojiConfig struct {
	Maven   bool `toml:"maven"`
	Windows bool `toml:"windows"`

	SideTagSuffixes []string `toml:"sidetag_suffixes"`
}

// MailConfig says how people are told of builds.
type MailConfig struct {
	Server       string `toml:"server"`
	TLS          string `toml:"tls"`
	From         string `toml:"from"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	Domain       string `toml:"domain"`
	Success      bool   `toml:"success"`
}

// PolicyConfig are rules in Koji's policy language, by the policies' names.
type PolicyConfig map[string]string

// BuilderConfig is a build host.
type BuilderConfig struct {
	Enabled  bool     `toml:"enabled"`
	Name     string   `toml:"name"`
	Hub      string   `toml:"hub"`
	Dir      string   `toml:"dir"`
	Capacity float64  `toml:"capacity"`
	Arches   []string `toml:"arches"`
	Emulate  []string `toml:"emulate"`
	Cert     string   `toml:"cert"`
	CA       string   `toml:"ca"`
}

// SignerConfig is the process that holds keys.
type SignerConfig struct {
	Enabled   bool   `toml:"enabled"`
	Socket    string `toml:"socket"`
	User      string `toml:"user"`
	PerMinute int    `toml:"per_minute"`
}

// LimitsConfig bounds builds.
type LimitsConfig struct {
	Time      time.Duration `toml:"time"`
	Silence   time.Duration `toml:"silence"`
	Log       int64         `toml:"log"`
	Memory    int64         `toml:"memory"`
	Processes int64         `toml:"processes"`
	Disk      int64         `toml:"disk"`
}

// LogConfig says how the program's own log looks.
type LogConfig struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
}

// Default is the configuration of a machine on which nothing was configured.
func Default(data string) *Config {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	return &Config{
		Data: data, Organization: "kura",
		Hub:    HubConfig{Name: host},
		Listen: ListenConfig{Web: ":8443", Certificate: ":8444"},
		Login:  LoginConfig{CreatesUser: true, SessionRenewal: 24 * time.Hour},
		Blobs:  BlobsConfig{MinFree: 1 << 30},
		Builder: BuilderConfig{
			Enabled: true, Name: host, Capacity: 4, Arches: []string{"x86_64"},
		},
		Signer: SignerConfig{Enabled: true, User: "kura-signer", PerMinute: 600},
		Limits: LimitsConfig{
			Time: 24 * time.Hour, Silence: 2 * time.Hour, Log: 200 << 20, Processes: 8192, Disk: 100 << 30,
		},
		Koji:   KojiConfig{SideTagSuffixes: []string{}},
		Mail:   MailConfig{TLS: "opportunistic", Success: true},
		Policy: PolicyConfig{},
		Log:    LogConfig{Level: "info", Format: "text"},
	}
}

// Load reads DATA/kura.toml, or the file that is named, over the defaults.
// A key that is not known is an error, with the known key nearest to it.
func Load(data, file string) (*Config, error) {
	c := Default(data)
	explicit := file != ""
	if !explicit {
		file = filepath.Join(data, "kura.toml")
	}
	meta, err := toml.DecodeFile(file, c)
	if os.IsNotExist(err) && !explicit {
		return c.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: unknown key %q: did you mean %q?", file, unknown[0], nearest(unknown[0].String(), append(knownKeys(), sections()...)))
	}
	if _, err := flow.NewPolicies(c.Policy); err != nil {
		return nil, fmt.Errorf("%s: [policy]: %w", file, err)
	}
	return c.finish()
}

// finish fills in what depends on other keys.
func (c *Config) finish() (*Config, error) {
	abs, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, err
	}
	c.Data = abs
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	set(&c.Mail.Domain, c.Hub.Name)
	set(&c.Mail.From, "kura@"+c.Mail.Domain)
	set(&c.Database.URL, "sqlite:"+filepath.Join(abs, "db", "kura.db"))
	set(&c.Blobs.URL, "dir:"+filepath.Join(abs, "blobs"))
	set(&c.Builder.Dir, filepath.Join(abs, "builder"))
	set(&c.Builder.Cert, filepath.Join(abs, "pki", "builder.pem"))
	set(&c.Builder.CA, filepath.Join(abs, "pki", "ca.crt"))
	set(&c.Builder.Hub, "https://"+dialable(c.Listen.Certificate))
	set(&c.Signer.Socket, filepath.Join(abs, "signer", "signer.sock"))
	return c, nil
}

// dialable is the address at which a listener on this machine is reached.
func dialable(listen string) string {
	if strings.HasPrefix(listen, ":") {
		return "localhost" + listen
	}
	if port, ok := strings.CutPrefix(listen, "0.0.0.0:"); ok {
		return "localhost:" + port
	}
	return listen
}
