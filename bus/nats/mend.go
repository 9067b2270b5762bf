package nats

import (
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sys/unix"
)

// room is the free space with which it is worth switching the store on again.
const room = 8 * bus.MaxData

// sick says why the embedded store cannot keep events, "" when it can. After a
// write that failed JetStream refuses all others, though the disk may have
// space again.
func (b *Bus) sick() string {
	if b.keeper == nil {
		return ""
	}
	if h := b.keeper.Healthz(nil); h.Status != "ok" {
		return h.Error
	}
	return ""
}

// mend switches an ill store off and on again, if the disk has room. Whoever
// finds it ill mends it; the others wait for that.
func (b *Bus) mend(op string) error {
	if !b.ill.Load() {
		return nil
	}
	b.mending.Lock()
	defer b.mending.Unlock()
	if !b.ill.Load() {
		return nil
	}
	if err := b.alive(op); err != nil {
		return err
	}
	dir := b.config.Dir
	why := b.sick()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return kura.Errorf(op, kura.Unavailable, "the store of the bus in %s is out of reach: %w", dir, err)
	}
	if int64(st.Bavail)*st.Bsize < room {
		return kura.Errorf(op, kura.NoSpace, "the disk under %s is full, so the bus keeps no events: free some space there (%s)", dir, why)
	}
	if err := b.keeper.ShutdownJetStream(); err != nil {
		return b.fail(op, b.stream, err)
	}
	err := b.keeper.EnableJetStream(&server.JetStreamConfig{
		MaxMemory: maxMemory, MaxStore: storeLimit(&b.config), StoreDir: dir, SyncAlways: true,
	})
	if err != nil {
		return b.fail(op, b.stream, err)
	}
	if why := b.sick(); why != "" {
		return kura.Errorf(op, kura.Unavailable, "the store of the bus in %s stays out of order: %s", dir, why)
	}
	b.ill.Store(false)
	b.log.Info("the store of the bus is on again", "dir", dir, "was", why)
	return nil
}
