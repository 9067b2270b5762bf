package repo

import (
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
)

// DistOpts are the options of a distribution repository, as Koji's clients
// name them.
type DistOpts struct {
	Arch                   []string `json:"arch"`            // none: the tag's
	Comps                  string   `json:"comps,omitempty"` // path of an upload below work/
	Event                  int64    `json:"event,omitempty"`
	Inherit                *bool    `json:"inherit"`
	Latest                 *bool    `json:"latest"`
	SplitDebuginfo         bool     `json:"split_debuginfo"`
	SkipMissingSignatures  bool     `json:"skip_missing_signatures"`
	AllowMissingSignatures bool     `json:"allow_missing_signatures"`
	WriteSignedRPMs        bool     `json:"write_signed_rpms"`
	Multilib               string   `json:"multilib,omitempty"` // path of an upload below work/: python-multilib's configuration
	Delta                  []int64  `json:"delta,omitempty"`
	Volume                 *string  `json:"volume,omitempty"`
	Zck                    bool     `json:"zck,omitempty"`
	ZckDictDir             string   `json:"zck_dict_dir,omitempty"`
}

// Check refuses what cannot be made.
func (o *DistOpts) Check() error {
	const op = "repo.Dist"
	switch {
	case len(o.Delta) > 0:
		return kura.Errorf(op, kura.Invalid, "delta rpms are not made: leave --delta-rpms out")
	case o.Zck || o.ZckDictDir != "":
		return kura.Errorf(op, kura.Invalid, "zchunk metadata is not made: leave --zck and --zck-dict-dir out")
	case o.SkipMissingSignatures && o.AllowMissingSignatures:
		return kura.Errorf(op, kura.Invalid, "packages without a signature are either taken or left out: allow_missing_signatures and skip_missing_signatures exclude each other")
	}
	for _, a := range o.Arch {
		if err := rpm.CheckArch(a); err != nil {
			return &kura.Error{Op: op, Kind: kura.Invalid, Err: err}
		}
	}
	return nil
}

// arches gives the directories of the repository: those asked for, else the
// tag's. A noarch package stands in each, and has none of its own.
func (o *DistOpts) arches(ofTag []string) ([]string, error) {
	const op = "repo.Dist"
	from := o.Arch
	if len(from) == 0 {
		from = ofTag
	}
	var out []string
	for _, a := range from {
		if a = rpm.CanonArch(a); a != "noarch" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "No arches specified nor for the tag!")
	}
	for _, a := range out {
		other, ok := multilibArch[a]
		if o.Multilib != "" && ok && !slices.Contains(out, rpm.CanonArch(other)) {
			return nil, kura.Errorf(op, kura.Invalid, "The multilib arch (%s) must be included", other)
		}
	}
	return out, nil
}

func (o *DistOpts) latest() int {
	if o.Latest != nil && !*o.Latest {
		return 0
	}
	return 1
}
