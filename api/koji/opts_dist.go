package koji

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/repo"
)

// distKnown are the options of distRepo that are looked at.
var distKnown = func() map[string]bool {
	out := map[string]bool{}
	for f := range reflect.TypeFor[repo.DistOpts]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = true
	}
	return out
}()

// distSame are options that say how a repository is made, and change nothing in
// it: file times are not looked at here.
var distSame = map[string]bool{"createrepo_skip_stat": true, "skip_stat": true}

// distOpts reads the options of distRepo. Clients give all that they know, also
// those that are not wanted: an option that is not known here is harmless as
// long as it is empty, and refused when it asks for something.
func distOpts(kw map[string]any) (repo.DistOpts, error) {
	const op = "koji.distRepo"
	var o repo.DistOpts
	given := maps.Clone(kw)
	for _, name := range slices.Sorted(maps.Keys(kw)) {
		switch v := kw[name]; {
		case !distKnown[name]:
			if truthy(v) && !distSame[name] {
				return o, kura.Errorf(op, kura.Invalid, "Invalid dist repo option: %s", name)
			}
			delete(given, name)
		case v == false && (name == "multilib" || name == "comps" || name == "zck_dict_dir"):
			delete(given, name) // so scripts say that they want none
		}
	}
	vol := optReader{opts: given}
	name := vol.optString("volume")
	if vol.err != nil {
		return o, vol.err
	}
	if err := oneVolume(name); err != nil {
		return o, err
	}
	return o, into(op, given, &o)
}
