package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/worker/sandbox"
)

// examine lets a doctor look at a kura on a machine that has everything, and
// gives what it found by name.
func examine(t *testing.T, c *Config, change func(*doctor)) (well bool, found map[string]finding) {
	t.Helper()
	all := func() sandbox.Report { return sandbox.Report{{Name: "overlayfs", Have: true, Needed: true}} }
	d := &doctor{conf: c, host: all, programs: func() sandbox.Report { return nil }, look: func(p string) (string, error) { return "/usr/bin/" + p, nil }}
	if change != nil {
		change(d)
	}
	var b bytes.Buffer
	well = d.run(t.Context(), &b, true)
	var said struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal(b.Bytes(), &said); err != nil || said.OK != well {
		t.Fatalf("%v: %s", err, &b)
	}
	found = map[string]finding{}
	for _, f := range said.Findings {
		found[f.Name] = f
		if f.State == verdictFail && f.Mend == "" {
			t.Errorf("%s: %s, and no word on how to mend it", f.Name, f.Detail)
		}
	}
	return well, found
}

// installed is a kura that was set up and listens nowhere.
func installed(t *testing.T) *Config {
	t.Helper()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "kura.toml"), []byte("[signer]\nuser = \"\"\n[listen]\nweb = \"127.0.0.1:0\"\ncertificate = \"127.0.0.1:0\"\n[blobs]\nmin_free = 1\n[builder]\nenabled = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := initialise(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func expect(t *testing.T, found map[string]finding, name string, state verdict, detail string) {
	t.Helper()
	f, there := found[name]
	if !there || f.State != state || !strings.Contains(f.Detail, detail) {
		t.Errorf("%s: found %+v, want %s with %q", name, f, state, detail)
	}
}

func TestDoctorOfAHealthyHub(t *testing.T) {
	c := installed(t)
	well, found := examine(t, c, nil)
	if !well {
		t.Errorf("found %+v", found)
	}
	for _, name := range []string{"database", "blobs", "authority", "hub's certificate", "port 127.0.0.1:0 (listen.web)", "program git"} {
		expect(t, found, name, verdictOK, "")
	}
	expect(t, found, "signer", verdictWarn, "does not run")
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close() // nothing answers there
	pem := func(c *Config, name string, life time.Duration) {
		ca, err := authority.Open(filepath.Join(c.Data, "pki"))
		if err != nil {
			t.Fatal(err)
		}
		i, err := ca.Issue(authority.Server, "hub", []string{"localhost"}, life)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.Data, "pki", name), i.PEM, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, tc := range map[string]struct {
		spoil  func(c *Config)
		change func(d *doctor)
		name   string
		state  verdict
		detail string
	}{
		"database gone": {func(c *Config) { os.Remove(strings.TrimPrefix(c.Database.URL, "sqlite:")) }, nil, "database", verdictFail, "is not there"},
		"database away": {func(c *Config) { c.Database.URL = "postgres://x@127.0.0.1:1/none?connect_timeout=1" }, nil, "database", verdictFail, "PostgreSQL"},
		"database newer": {func(c *Config) {
			d, err := db.Open(t.Context(), c.Database.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			err = d.Update(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}, nil, "database", verdictFail, "999"},
		"blobs gone":           {func(c *Config) { os.RemoveAll(strings.TrimPrefix(c.Blobs.URL, "dir:")) }, nil, "blobs", verdictFail, "is not there"},
		"blobs full":           {func(c *Config) { c.Blobs.MinFree = 1 << 60 }, nil, "blobs", verdictFail, ""},
		"certificate at end":   {func(c *Config) { pem(c, "hub.pem", 24*time.Hour) }, nil, "hub's certificate", verdictWarn, "ends on"},
		"certificate ended":    {func(c *Config) { pem(c, "hub.pem", -time.Minute) }, nil, "hub's certificate", verdictFail, "ended on"},
		"no certificate":       {func(c *Config) { os.Remove(filepath.Join(c.Data, "pki", "hub.pem")) }, nil, "hub's certificate", verdictFail, "is not there"},
		"odd certificate":      {func(c *Config) { os.WriteFile(filepath.Join(c.Data, "pki", "hub.pem"), []byte("x"), 0o600) }, nil, "hub's certificate", verdictFail, "no certificate"},
		"port taken":           {func(c *Config) { c.Listen.Plain = taken.Addr().String() }, nil, "port " + taken.Addr().String() + " (listen.plain)", verdictFail, "another program"},
		"no signer":            {func(c *Config) { os.RemoveAll(filepath.Join(c.Data, "signer")) }, nil, "signer", verdictFail, "not set up"},
		"no git":               {func(*Config) {}, func(d *doctor) { d.look = func(string) (string, error) { return "", errors.New("none") } }, "program git", verdictFail, "not found"},
		"no emulator":          {func(c *Config) { c.Builder.Enabled, c.Builder.Emulate = true, []string{"pdp11"} }, nil, "emulation of pdp11", verdictFail, "binfmt"},
		"another architecture": {func(c *Config) { c.Builder.Enabled, c.Builder.Arches = true, []string{"vax"} }, nil, "architecture vax", verdictFail, "this machine is"},
		"no way to the hub":    {func(c *Config) { c.Builder.Enabled, c.Builder.Hub = true, "https://"+closed.Addr().String() }, nil, "way to the hub", verdictWarn, ""},
		"a program is missing": {func(c *Config) { c.Builder.Enabled = true }, func(d *doctor) {
			d.programs = func() sandbox.Report { return sandbox.Report{{Name: "program dnf", Needed: true, Detail: "not found"}} }
		}, "program dnf", verdictFail, "not found"},
	} {
		t.Run(what, func(t *testing.T) {
			c := installed(t)
			tc.spoil(c)
			well, found := examine(t, c, tc.change)
			expect(t, found, tc.name, tc.state, tc.detail)
			if well && tc.state == verdictFail {
				t.Error("all in all it is said to be well")
			}
		})
	}
}

// A machine that only builds is not asked for a database.
func TestDoctorOfABuilder(t *testing.T) {
	c := Default(t.TempDir())
	c, err := c.finish()
	if err != nil {
		t.Fatal(err)
	}
	_, found := examine(t, c, nil)
	if _, there := found["database"]; there {
		t.Error("it looked for a database")
	}
	expect(t, found, "builder's certificate", verdictFail, "is not there")
	if f := found["memory"]; f.State == "" {
		t.Error("nothing is said of memory")
	}
	var b bytes.Buffer
	d := &doctor{conf: c, host: func() sandbox.Report { return nil }, programs: func() sandbox.Report { return nil }}
	d.run(t.Context(), &b, false)
	for _, word := range []string{"Building\n", "  fail  builder's certificate", "→ on the hub: kura cert issue", "No hub was set up", "to mend"} {
		if !strings.Contains(b.String(), word) {
			t.Errorf("no %q in\n%s", word, &b)
		}
	}
}
