package worker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/rpm"
)

// rpmCrew carries out the tasks that make RPM packages.
type rpmCrew struct {
	b   *rpm.Builder
	hub string // its address, without a slash at the end
}

func (c rpmCrew) Work(ctx context.Context, l *protocol.Lease, most protocol.Limits, desk rpm.Hub, out string) (*rpm.Result, error) {
	name := fmt.Sprintf("task-%d-%d", l.Task, l.Epoch)
	if l.Method == "buildArch" {
		var o protocol.ArchOrder
		if err := json.Unmarshal(l.Order, &o); err != nil {
			return nil, badOrder(err)
		}
		c.archOrder(&o)
		o.Limits = tighten(o.Limits, most)
		return c.b.Arch(ctx, name, o, desk, out)
	}
	var o protocol.SRPMOrder
	if err := json.Unmarshal(l.Order, &o); err != nil {
		return nil, badOrder(err)
	}
	c.srpmOrder(&o)
	o.Limits = tighten(o.Limits, most)
	return c.b.SRPM(ctx, name, o, desk, out)
}

func badOrder(err error) error {
	return &rpm.Failure{Phase: "source", Message: "The hub's order cannot be read by this builder: " + err.Error()}
}
