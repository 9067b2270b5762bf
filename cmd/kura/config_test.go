package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The example is complete, and what it gives as defaults are the defaults.
func TestExampleHoldsEveryKey(t *testing.T) {
	text, err := os.ReadFile("kura.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	section, want := "", knownKeys()
	var have []string
	key := regexp.MustCompile(`^(?:# )?([a-z_]+) = `)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(strings.TrimSpace(line), "[]") + "."
			if table := strings.TrimSuffix(section, "."); slices.Contains(want, table) {
				have = append(have, table) // whose keys are the installation's own
			}
		} else if m := key.FindStringSubmatch(line); m != nil {
			have = append(have, section+m[1])
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the example has\n%v\nthe program knows\n%v", have, want)
	}
	dir := t.TempDir()
	bare, err := Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "kura.toml"), text, 0o600)
	full, err := Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	full.Hub.Hosts, full.Bus.Routes, full.Builder.Emulate = nil, nil, nil
	if !reflect.DeepEqual(bare, full) {
		t.Errorf("the example changes the defaults:\n%+v\n%+v", bare, full)
	}
}

func TestUnknownKeyNamesTheNearest(t *testing.T) {
	for text, want := range map[string]string{
		"[listen]\nwebb = \":1\"\n": "listen.web",
		"[listn]\nweb = \":1\"\n":   "listen",
		"dta = \"x\"\n":             "data",
	} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "kura.toml"), []byte(text), 0o600)
		_, err := Load(dir, "")
		if err == nil || !strings.Contains(err.Error(), `did you mean "`+want+`"?`) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestPolicies(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "kura.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[policy]\ntag = \"\"\"\nhas_perm release :: allow\nall :: deny ask\n\"\"\"\nmine = \"all :: yes\"\n")
	c, err := Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Policy["mine"] != "all :: yes" || !strings.Contains(c.Policy["tag"], "deny ask") {
		t.Errorf("read as %v", c.Policy)
	}
	write("[policy]\ntag = \"nosuchtest x :: allow\"\n")
	if _, err := Load(dir, ""); err == nil || !strings.Contains(err.Error(), "nosuchtest") || !strings.Contains(err.Error(), "[policy]") {
		t.Errorf("a rule with an unknown test: %v", err)
	}
}
