package rpm

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// The home of the host's tools inside. Some distributions keep rpm's database
// in the home directory by default; installs would then miss the root's.
const toolsHome = "/run/kura"

func writeTools(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, ".rpmmacros"), []byte("%_dbpath /var/lib/rpm\n%_netsharedpath /dev:/proc:/sys\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "dnf.conf"), []byte("[main]\n"), 0o644),
	)
}

// tool is a sandbox that has the host's own programs.
func (b *Builder) tool(argv ...string) sandbox.Spec {
	return sandbox.Spec{
		Argv: argv, HostTools: true, User: sandbox.Root, Hostname: "localhost",
		Env:   []string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=" + toolsHome, "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TMPDIR=/tmp"},
		Binds: []sandbox.Bind{{Source: filepath.Join(b.opt.Dir, "tools"), Target: toolsHome}},
	}
}

// limits are those of an order in the sandbox's words. Resolving and
// installing may be silent for long.
func limits(l protocol.Limits, deadline time.Time, silence bool) sandbox.Limits {
	s := sandbox.Limits{Memory: l.Memory, Processes: l.Processes}
	if !deadline.IsZero() {
		s.Time = max(time.Until(deadline), time.Second)
	}
	if silence {
		s.Silence = l.Silence
	}
	return s
}
