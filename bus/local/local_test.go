package local_test

import (
	"testing"

	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/bustest"
	"github.com/kura-build/kura/bus/local"
)

func TestContract(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus {
		b := local.New(bustest.Pause)
		t.Cleanup(func() { b.Close() })
		return b
	})
}
