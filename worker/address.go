package worker

import (
	"strings"

	"github.com/kura-build/kura/protocol"
)

// An order names what is the hub's own by its path alone, for the hub does not
// know by which address each worker reaches it. These fill the address in.

func (c rpmCrew) absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return c.hub + path
	}
	return path
}

func (c rpmCrew) root(r *protocol.Root) {
	for i := range r.Repos {
		r.Repos[i].URL = c.absolute(r.Repos[i].URL)
	}
}

func (c rpmCrew) srpmOrder(o *protocol.SRPMOrder) {
	c.root(&o.Root)
	if o.SRPM != nil {
		o.SRPM.URL = c.absolute(o.SRPM.URL)
	}
	if o.SCM != nil {
		o.SCM.Lookaside = c.absolute(o.SCM.Lookaside)
	}
}

func (c rpmCrew) archOrder(o *protocol.ArchOrder) {
	c.root(&o.Root)
	o.SRPM.URL = c.absolute(o.SRPM.URL)
}
