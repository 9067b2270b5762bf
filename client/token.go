package client

import (
	"os"
	"strings"

	"github.com/kura-build/kura"
)

// secretToken gives the token of a profile that logs in with one; empty for
// others. A profile that names a token means it, but for those that say how
// else to log in: certificates are found without being named.
func secretToken(p *Profile) (string, error) {
	if p.AuthType != "token" && p.AuthType != "" {
		return "", nil
	}
	const op = "client.New"
	token, from := strings.TrimSpace(p.Token), "token"
	if token == "" && p.TokenFile != "" {
		from = p.TokenFile
		b, err := os.ReadFile(p.TokenFile)
		if err != nil {
			return "", kura.Errorf(op, kura.Unauthenticated, "profile %q: read the token: %w", p.Name, err)
		}
		if token = strings.TrimSpace(string(b)); token == "" {
			return "", kura.Errorf(op, kura.Unauthenticated, "profile %q: %s is empty: put a token into it", p.Name, from)
		}
	}
	// What is not of this form is something else, and must not be sent.
	if rest, ok := strings.CutPrefix(token, "kura_"); token != "" && (!ok || strings.Trim(rest, tokenLetters) != "" || len(token) > 256) {
		return "", kura.Errorf(op, kura.Unauthenticated, "profile %q: what stands in %s is no token: those begin with kura_", p.Name, from)
	}
	return token, nil
}

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// readers are methods that change nothing, but do not look like it by name.
var readers = map[string]bool{
	"hello": true, "echo": true, "showSession": true, "checkUpload": true, "checkTagPackage": true, "search": true,
	"taskFinished": true, "downloadTaskOutput": true, "repoInfo": true, "buildReferences": true, "untaggedBuilds": true,
	"kura.whyWaiting": true, "repo.references": true, "repo.checkRequest": true,
}

// reads reports whether a call surely changes nothing.
func reads(method string, args []any) bool {
	if method == "multiCall" && len(args) == 1 {
		list, ok := args[0].([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			name, _ := m["methodName"].(string)
			ok = ok && name != "multiCall" && reads(name, nil)
		}
		return ok
	}
	space, name, is := strings.Cut(method, ".")
	if !is {
		space, name = "", method
	}
	if space == "host" { // host.getTasks gives them away
		return false
	}
	for _, prefix := range []string{"get", "list", "query", "find"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return readers[method]
}
