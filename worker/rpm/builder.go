package rpm

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// Options of a Builder.
type Options struct {
	Dir       string       // where layers, packages and metadata are kept
	HTTP      *http.Client // for the hub's own repositories, and nobody else's
	Hub       string       // address of the hub: its repositories are asked with Cert
	CertFile  string
	KeyFile   string
	CAFile    string
	BuildHost string   // name that packages carry as their build host
	CacheMax  int64    // bytes of layers to keep; 0 is 20 GiB
	MinFree   int64    // bytes to leave free on Dir's disk; 0 is 4 GiB
	Emulate   []string // processor families that may be built under qemu-user
}

// Builder makes packages.
type Builder struct {
	host *sandbox.Host
	opt  Options

	layers *layers
	dnf    sync.Mutex // the pool of downloaded packages has one writer
	pool   pool
}

// New gives a builder that works in opt.Dir.
func New(host *sandbox.Host, opt Options) (*Builder, error) {
	if opt.HTTP == nil {
		opt.HTTP = http.DefaultClient
	}
	if opt.CacheMax == 0 {
		opt.CacheMax = 20 << 30
	}
	if opt.MinFree == 0 {
		opt.MinFree = 4 << 30
	}
	b := &Builder{host: host, opt: opt}
	for _, d := range []string{"", "pool", "dnf", "tools"} {
		if err := os.MkdirAll(filepath.Join(opt.Dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	// dnf runs as a root of its own and owns what it keeps.
	for _, d := range []string{"pool", "dnf"} {
		if err := os.Chown(filepath.Join(opt.Dir, d), sandbox.ID(0), sandbox.ID(0)); err != nil {
			return nil, err
		}
	}
	if err := writeTools(filepath.Join(opt.Dir, "tools")); err != nil {
		return nil, err
	}
	var err error
	b.layers, err = openLayers(filepath.Join(opt.Dir, "roots"), opt.CacheMax, opt.MinFree)
	return b, err
}

// Hub is what a running task needs of the outside.
type Hub interface {
	// Log gives the writer of a log that people follow while it grows.
	Log(name string) io.Writer
	// Phase tells how far the task is.
	Phase(name string)
	// Buildroot records what a root holds.
	Buildroot(ctx context.Context, b protocol.Buildroot) (int64, error)
	// Fetch opens a file that the hub named in the order.
	Fetch(ctx context.Context, url string) (io.ReadCloser, error)
}

// Result is what a task made: files in the directory that it was given.
type Result struct {
	SRPM      string
	RPMs      []string
	Source    map[string]string
	Buildroot int64
	Timings   map[string]int64 // milliseconds
}

// Failure is why a task made nothing.
type Failure struct {
	Phase     string
	Message   string // a sentence: what failed and why
	Cause     string // the first line that caused it
	Log       string
	Line      int
	Retryable bool
	Buildroot int64
}

func (f *Failure) Error() string { return f.Message }

// failf makes a failure of the package's own.
func failf(phase, format string, args ...any) *Failure {
	return &Failure{Phase: phase, Message: fmt.Sprintf(format, args...)}
}

// hostFault makes a failure that is this host's, not the package's.
func hostFault(phase string, err error) *Failure {
	return &Failure{Phase: phase, Message: "This builder could not do its part: " + err.Error(), Retryable: true}
}
