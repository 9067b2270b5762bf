package signer

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Config is what a signer runs with.
type Config struct {
	Dir            string   // its directory; see the package's description
	Socket         string   // where it listens
	SocketGroup    int      // group that may connect; 0 leaves it to the check of uids
	AllowUIDs      []uint32 // who is answered
	PerMinute      int      // signatures a minute; 0 means 1200
	PassphraseFile string   // if the keys are sealed with a passphrase
	OldPackages    bool     // also sign headers that hold no digest of their payload (rpm before 4.14)
	Lifeline       bool     // stop when standard input ends: the process that started us is gone

	// UID and GID are whom Command starts the signer as; 0 means as ourselves.
	UID, GID uint32

	// LogLevel and LogFormat are what Command tells the signer of its log.
	LogLevel, LogFormat string

	Log *slog.Logger     // nil: slog.Default
	Now func() time.Time // nil: time.Now
}

const defaultPerMinute = 1200

func (c *Config) fill() error {
	switch {
	case c.Dir == "" || c.Socket == "":
		return errors.New("the signer needs a directory and a socket")
	case len(c.AllowUIDs) == 0:
		return errors.New("the signer needs at least one uid to answer: name the hub's")
	case c.PerMinute < 0:
		return errors.New("the signer's limit a minute is negative")
	}
	if c.PerMinute == 0 {
		c.PerMinute = defaultPerMinute
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Args are the words after "kura signer" that ParseArgs reads back.
func (c Config) Args() []string {
	args := []string{"--dir", c.Dir, "--socket", c.Socket}
	for _, uid := range c.AllowUIDs {
		args = append(args, "--allow-uid", strconv.FormatUint(uint64(uid), 10))
	}
	if c.SocketGroup != 0 {
		args = append(args, "--socket-group", strconv.Itoa(c.SocketGroup))
	}
	if c.PerMinute != 0 {
		args = append(args, "--per-minute", strconv.Itoa(c.PerMinute))
	}
	if c.PassphraseFile != "" {
		args = append(args, "--passphrase-file", c.PassphraseFile)
	}
	if c.OldPackages {
		args = append(args, "--old-packages")
	}
	if c.LogLevel != "" {
		args = append(args, "--log-level", c.LogLevel)
	}
	if c.LogFormat != "" {
		args = append(args, "--log-format", c.LogFormat)
	}
	if c.Lifeline {
		args = append(args, "--lifeline")
	}
	return args
}

// ParseArgs reads the words after "kura signer". Usage goes to help.
func ParseArgs(args []string, help io.Writer) (Config, error) {
	var c Config
	set := flag.NewFlagSet("kura signer", flag.ContinueOnError)
	set.SetOutput(help)
	set.StringVar(&c.Dir, "dir", "", "directory of keys and audit log")
	set.StringVar(&c.Socket, "socket", "", "Unix socket to answer on")
	set.IntVar(&c.SocketGroup, "socket-group", 0, "id of the group that may connect; 0: anybody, then only --allow-uid counts")
	set.Func("allow-uid", "uid to answer; may be given more than once", func(s string) error {
		uid, err := strconv.ParseUint(s, 10, 32)
		c.AllowUIDs = append(c.AllowUIDs, uint32(uid))
		return err
	})
	set.IntVar(&c.PerMinute, "per-minute", defaultPerMinute, "most signatures in a minute")
	set.StringVar(&c.PassphraseFile, "passphrase-file", "", "file with the passphrase that seals the keys")
	set.BoolVar(&c.OldPackages, "old-packages", false, "also sign packages of rpm before 4.14, whose header does not vouch for the payload")
	set.BoolVar(&c.Lifeline, "lifeline", false, "stop when standard input ends")
	set.StringVar(&c.LogLevel, "log-level", "", "debug, info, warn or error; info when left out")
	set.StringVar(&c.LogFormat, "log-format", "", "text or json; text when left out")
	if err := set.Parse(args); err != nil {
		return c, err
	}
	if set.NArg() > 0 {
		return c, fmt.Errorf("kura signer: %q is not an option", set.Arg(0))
	}
	return c, nil
}

// Command is the command that runs a signer as a child, with the uid and gid
// of the configuration and an empty environment. The child ends in order when
// its lifeline is closed: by the caller, or by the kernel when this process
// has died of whatever.
func Command(self string, c Config) (cmd *exec.Cmd, lifeline io.Closer, err error) {
	c.Lifeline = true
	cmd = exec.Command(self, append([]string{"signer"}, c.Args()...)...)
	cmd.Dir = "/"
	cmd.Env = []string{}
	cmd.Stderr = os.Stderr
	if lifeline, err = cmd.StdinPipe(); err != nil {
		return nil, nil, fmt.Errorf("prepare the signer's process: %w", err)
	}
	setCredential(cmd, c.UID, c.GID)
	return cmd, lifeline, nil
}

// Setup says how a signer's directory is made.
type Setup struct {
	Hubs       []ed25519.PublicKey // whose authorisations count
	Passphrase []byte              // seals the keys; empty: a host key does
	UID, GID   int                 // owner of it all; 0 means ourselves
}

// Init makes a signer's directory. On one that is there already it only adds
// hubs that are not known yet.
func Init(dir string, s Setup) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the signer's directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the signer's directory: %w", err)
	}
	defer root.Close()
	if err := root.Mkdir(keysDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("set up the signer in %s: %w", dir, err)
	}
	if _, err := root.Stat(sealFile); errors.Is(err, fs.ErrNotExist) {
		if err := createSeal(root, s.Passphrase); err != nil {
			return fmt.Errorf("set up the signer in %s: %w", dir, err)
		}
	}
	if err := addHubs(root, s.Hubs); err != nil {
		return fmt.Errorf("set up the signer in %s: %w", dir, err)
	}
	if s.UID == 0 {
		return nil
	}
	for _, name := range []string{hostKeyFile, sealFile, hubsFile, keysDir, "."} {
		if err := root.Lchown(name, s.UID, s.GID); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("give the signer's directory to uid %d: %w", s.UID, err)
		}
	}
	return nil
}

func addHubs(root *os.Root, hubs []ed25519.PublicKey) error {
	body, err := root.ReadFile(hubsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known, err := parseHubs(string(body))
	if err != nil {
		return err
	}
	text := string(body)
	for _, hub := range hubs {
		if !containsKey(known, hub) {
			text += base64.StdEncoding.EncodeToString(hub) + " # " + hubName(hub) + "\n"
		}
	}
	return writeFile(root, hubsFile, []byte(text))
}

func containsKey(keys []ed25519.PublicKey, key ed25519.PublicKey) bool {
	for _, k := range keys {
		if k.Equal(key) {
			return true
		}
	}
	return false
}

// readPassphrase reads the passphrase file; its last line break does not count.
func (c *Config) readPassphrase() ([]byte, error) {
	if c.PassphraseFile == "" {
		return nil, nil
	}
	body, err := os.ReadFile(c.PassphraseFile)
	if err != nil {
		return nil, fmt.Errorf("read the signer's passphrase: %w", err)
	}
	body = []byte(strings.TrimRight(string(body), "\r\n"))
	if len(body) == 0 {
		return nil, fmt.Errorf("the passphrase file %s is empty", c.PassphraseFile)
	}
	return body, nil
}
