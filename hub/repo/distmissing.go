package repo

import (
	"fmt"
	"strings"

	"github.com/kura-build/kura"
)

// Missing is why a distribution repository cannot be made: packages, copies of
// them or what they need are not there. The error names some; who runs the task
// may keep all.
type Missing struct {
	Log   string // the file in which people look for it
	About string // what is missing, and what can be done
	List  []string
}

// mostNamed is how many of the missing an error names.
const mostNamed = 5

func (m *Missing) Error() string {
	some := strings.Join(m.List[:min(len(m.List), mostNamed)], ", ")
	if len(m.List) > mostNamed {
		some += ", …"
	}
	return fmt.Sprintf("%s: %s. See %s", m.About, some, m.Log)
}

// Text is what stands in the log.
func (m *Missing) Text() string { return m.About + ":\n\n" + strings.Join(m.List, "\n") + "\n" }

func missing(log string, list []string, about string, args ...any) error {
	about = fmt.Sprintf("%d %s", len(list), fmt.Sprintf(about, args...))
	return &kura.Error{Op: "repo.Dist", Kind: kura.Conflict, Err: &Missing{Log: log, About: about, List: list}}
}
