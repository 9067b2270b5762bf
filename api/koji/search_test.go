package koji

import (
	"regexp"
	"strings"
	"testing"
)

// What a regular expression matches begins as its glob says.
func TestBegins(t *testing.T) {
	for pattern, want := range map[string]string{
		"^bash":          "bash*",
		"^bash-5":        "bash-5*",
		`^bash-5\.2`:     "bash-5*",
		"^bash$":         "bash*",
		"^bashx*":        "bash*",
		"^bashx?y":       "bash*",
		"^bashx{0,2}":    "bash*",
		"^bash+":         "bash*",
		"^x*":            "",
		"^":              "",
		"bash":           "",
		"^bash|^zsh":     "",
		"^(bash|zsh)-":   "",
		"^lib_x(a|b|c)?": "",
		"^lib_x[ab]":     "lib_x*",
		".*bash":         "",
	} {
		got := begins(pattern)
		if got != want {
			t.Errorf("%s begins as %q, want %q", pattern, got, want)
		}
		re := regexp.MustCompile("(?i)" + pattern)
		for _, name := range []string{"bash", "bash-5.2-1", "bashx", "bas", "zsh-1", "lib_xa", "lib_x", "bashy", "xbash"} {
			if re.MatchString(name) && !strings.HasPrefix(name, strings.TrimSuffix(got, "*")) {
				t.Errorf("%s matches %s, which does not begin with %s", pattern, name, got)
			}
		}
	}
}

// Whatever a regular expression matches has in it what is looked for first.
func TestContains(t *testing.T) {
	for pattern, want := range map[string]string{
		"bash":              "*bash*",
		"bash|zsh":          "",
		"x(bash)?":          "",
		"(bash)+x":          "*bash*",
		"(bash){2}":         "*bash*",
		"(bash){0,2}zshell": "*zshell*",
		"[ab]ash-5":         "*ash-5*",
		"ba?sh":             "",
		"(?i)BASH":          "*BASH*",
		"(?P<n>bash).*5":    "*bash*",
		"b.*s":              "",
		"bäsh":              "",
		"(":                 "",
	} {
		if got := contains(pattern); got != want {
			t.Errorf("%s contains %q, want %q", pattern, got, want)
		}
	}
}
