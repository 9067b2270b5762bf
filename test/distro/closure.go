package distro

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// closureFields are what is kept of a package's stanza.
var closureFields = strings.Fields(`Package Version Source Architecture Description Homepage Section
	Depends Pre-Depends Recommends Suggests Provides Filename Size SHA256`)

// closure gives the stanzas of the seeds and of all they depend on, sorted by
// name. The answer is kept beside apt's lists for as long as these last.
func (a *apt) closure(ctx context.Context, seeds []string) ([]stanza, error) {
	lists, err := a.digest()
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256([]byte(makerVersion() + lists + strings.Join(seeds, " ")))
	kept := filepath.Join(a.dir, "closure-"+hex.EncodeToString(key[:8])+".json")
	var all []stanza
	if b, err := os.ReadFile(kept); err == nil && json.Unmarshal(b, &all) == nil && len(all) > 0 {
		return all, nil
	}
	show := func(names []string) ([]stanza, error) {
		out, err := a.run(ctx, "", "apt-cache", append([]string{"show", "--no-all-versions"}, names...)...)
		return parseStanzas(string(out)), err
	}
	if all, err = walk(seeds, show); err != nil {
		return nil, err
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return all, writeFile(kept, b)
}

// walk follows Depends and Pre-Depends from the seeds, one call of show for
// each level. Of alternatives the first is taken, unless another is there.
func walk(seeds []string, show func([]string) ([]stanza, error)) ([]stanza, error) {
	got, provided := map[string]stanza{}, map[string]bool{}
	todo := slices.Clone(seeds)
	for len(todo) > 0 {
		slices.Sort(todo)
		todo = slices.Compact(todo)
		found, err := show(todo)
		if err != nil {
			return nil, err
		}
		var fresh []stanza
		for _, s := range found {
			name := s["Package"]
			if name == "" || got[name] != nil || dropped[name] {
				continue
			}
			keep := stanza{}
			for _, f := range closureFields {
				if s[f] != "" {
					keep[f] = s[f]
				}
			}
			got[name] = keep
			fresh = append(fresh, keep)
			for _, alts := range parseRelations(s["Provides"]) {
				provided[alts[0].name] = true
			}
		}
		for _, name := range todo {
			if got[name] == nil {
				return nil, fmt.Errorf("apt knows no package %s", name)
			}
		}
		todo = todo[:0]
		for _, s := range fresh {
			for _, alts := range parseRelations(s["Pre-Depends"] + "," + s["Depends"]) {
				if slices.ContainsFunc(alts, func(r debRel) bool {
					return got[r.name] != nil || dropped[r.name] || provided[r.name]
				}) {
					continue
				}
				name := alts[0].name
				if real := virtuals[name]; real != "" {
					name = real
				}
				if got[name] == nil && !dropped[name] {
					todo = append(todo, name)
				}
			}
		}
	}
	all := make([]stanza, 0, len(got))
	for _, s := range got {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b stanza) int { return strings.Compare(a["Package"], b["Package"]) })
	return all, nil
}

// writeFile writes a file whole or not at all: another run may be reading it.
func writeFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(content); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
