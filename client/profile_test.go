package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	w := Where{System: filepath.Join(dir, "etc"), Home: filepath.Join(dir, "home"), Data: filepath.Join(dir, "data")}
	if _, err := Load(w); err == nil || !strings.Contains(err.Error(), "kura init") {
		t.Errorf("without any file: %v", err)
	}
	write(t, filepath.Join(w.System, "koji.conf"), "# site\n[koji]\nserver = https://koji.example/kojihub\ntopurl: https://koji.example/kojifiles/\nmax_retries=3\n")
	write(t, filepath.Join(w.System, "koji.conf.d", "b.conf"), "[stage]\nserver = http://stage.example/kojihub\nauthtype = noauth\n")
	write(t, filepath.Join(w.Home, ".koji", "config"), "[koji]\ncert = ~/.koji/me.pem\nretry_interval = 5\n")
	write(t, filepath.Join(w.Home, ".koji", "serverca.crt"), "x")
	got, err := Load(w)
	if err != nil {
		t.Fatal(err)
	}
	want := &Profile{Name: "koji", Server: "https://koji.example/kojihub", TopURL: "https://koji.example/kojifiles",
		Cert: filepath.Join(w.Home, ".koji", "me.pem"), ServerCA: filepath.Join(w.Home, ".koji", "serverca.crt"),
		Timeout: time.Hour, AuthTimeout: time.Minute, MaxRetries: 3, RetryInterval: 5 * time.Second, BlockSize: 1 << 20}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	write(t, filepath.Join(w.Data, "client", "koji.conf"), "[local-admin]\nserver = https://localhost:8443/kojihub\n[local-koji]\nserver = https://localhost:8443/kojihub\n")
	if got, err := Load(w); err != nil || got.Name != "local-admin" {
		t.Errorf("%v %v", got, err)
	}
	w.Profile = "stage"
	if got, err := Load(w); err != nil || got.AuthType != "noauth" {
		t.Errorf("%v %v", got, err)
	}
	w.Profile = "prod"
	if _, err := Load(w); err == nil || !strings.Contains(err.Error(), "koji, local-admin, local-koji, stage") {
		t.Errorf("%v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"server = x":   "inside of a [section]",
		"[a\nserver=x": "no section",
		"[a]\n  more":  "indented",
		"[a]\nserver=https://h\nmax_retries = many":      "max_retries",
		"[a]\nserver=https://h\nno_ssl_verify = perhaps": "want yes or no",
		"[a]\nweburl=x": "has no server",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "c"), text)
		_, err := Load(Where{Profile: "a", Config: filepath.Join(dir, "c"), System: dir, Home: dir})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadINI(f *testing.F) {
	f.Add("[a]\nb = c\n d\n# e\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = readINI(map[string]section{}, "x", strings.NewReader(text))
	})
}
