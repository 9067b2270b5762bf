package build

import (
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
)

// Once leaves of packages that came more than once, from builds on several
// arches, the first. Those must be for any arch, and alike: a package that is
// another one on each machine is for none of them.
type Once struct{ first map[string]*Incoming }

// Take reports whether a package came for the first time.
func (o *Once) Take(in *Incoming) (bool, error) {
	const op = "build.Once"
	first, again := o.first[in.File()]
	if !again {
		if o.first == nil {
			o.first = map[string]*Incoming{}
		}
		o.first[in.File()] = in
		return true, nil
	}
	diff, err := rpm.Diff(first.Package, in.Package)
	if err != nil {
		return false, kura.Errorf(op, kura.Invalid, "%s cannot be compared: %w", in.File(), err)
	}
	if len(diff) > 0 {
		return false, kura.Errorf(op, kura.Build, "The following noarch package built differently on different architectures: %s\nrpmdiff output was:\n%s",
			in.File(), strings.Join(diff, "\n"))
	}
	return false, nil
}
