package distro

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
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
	// With a seed among the names apt-cache does not fail of names that only
	// alternatives have.
	show := func(names []string) ([]stanza, error) {
		out, err := a.run(ctx, "", "apt-cache", append([]string{"show", "--no-all-versions", seeds[0]}, names...)...)
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
// each level. Of alternatives the first that the archive has is taken, unless
// another is there already.
func walk(seeds []string, show func([]string) ([]stanza, error)) ([]stanza, error) {
	w := walker{got: map[string]stanza{}, provided: map[string]bool{}, unknown: map[string]bool{}}
	for todo := slices.Clone(seeds); len(todo) > 0; {
		slices.Sort(todo)
		todo = slices.Compact(todo)
		found, err := show(todo)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			w.take(s)
		}
		for _, name := range todo {
			if w.got[name] != nil {
				continue
			}
			if slices.Contains(seeds, name) {
				return nil, fmt.Errorf("apt knows no package %s", name)
			}
			w.unknown[name] = true
		}
		if todo, err = w.missing(); err != nil {
			return nil, err
		}
	}
	all := slices.Collect(maps.Values(w.got))
	slices.SortFunc(all, func(a, b stanza) int { return strings.Compare(a["Package"], b["Package"]) })
	return all, nil
}

type walker struct {
	got               map[string]stanza
	provided, unknown map[string]bool
}

func (w *walker) take(s stanza) {
	name := s["Package"]
	if name == "" || w.got[name] != nil || dropped[name] {
		return
	}
	keep := stanza{}
	for _, f := range closureFields {
		if s[f] != "" {
			keep[f] = s[f]
		}
	}
	w.got[name] = keep
	for _, alts := range parseRelations(s["Provides"]) {
		w.provided[alts[0].name] = true
	}
}

// missing gives what the packages taken so far need besides.
func (w *walker) missing() ([]string, error) {
	var todo []string
	for name, s := range w.got {
		for _, alts := range parseRelations(s["Pre-Depends"] + "," + s["Depends"]) {
			want, met := "", false
			for _, r := range alts {
				if w.got[r.name] != nil || dropped[r.name] || w.provided[r.name] {
					met = true
					break
				}
				real := r.name
				if v := virtuals[real]; v != "" {
					real = v
				}
				if want == "" && !w.unknown[real] {
					want = real
				}
			}
			switch {
			case met:
			case want == "":
				return nil, fmt.Errorf("package %s depends on %s, which apt does not know", name, alts[0].name)
			default:
				todo = append(todo, want)
			}
		}
	}
	return todo, nil
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
