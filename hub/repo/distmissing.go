package repo

import (
	"fmt"
	"strings"

	"github.com/kura-build/kura"
)

// Missing is why a distribution repository cannot be made: packages, copies of
// them or what they need are not there. The error names some; who runs the task
// keeps all of them in a file.
type Missing struct {
	Log  string // the name of that file: people know it from Koji
	What string // what is missing
	Help string // what can be done
	List []string
}

// mostNamed is how many of the missing an error names.
const mostNamed = 5

func (m *Missing) Error() string {
	some := strings.Join(m.List[:min(len(m.List), mostNamed)], ", ")
	if more := len(m.List) - mostNamed; more > 0 {
		some += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s: %s. %s. See %s", m.What, some, m.Help, m.Log)
}

// Text is what stands in the file.
func (m *Missing) Text() string {
	return m.What + ":\n\n" + strings.Join(m.List, "\n") + "\n\n" + m.Help + ".\n"
}

func missing(m Missing) error {
	return &kura.Error{Op: "repo.Dist", Kind: kura.Conflict, Err: &m}
}
