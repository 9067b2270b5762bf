package sandbox

import (
	"io"
	"time"
)

// User is who runs inside.
type User int

// The users of a sandbox. Neither is anybody on the host: ids are mapped.
const (
	Builder User = iota // uid 1000, no capabilities
	Root                // uid 0, with what installing packages needs
)

// BuilderID is the builder's user and group id as seen inside.
const BuilderID = 1000

// Bind makes a directory or file of the host visible inside.
type Bind struct {
	Source string
	Target string // absolute, inside the root; made if it is not there
	Write  bool
	Exec   bool // programs may be run from it
}

// Target is a second root, mounted at TargetDir of a sandbox that has the
// host's tools: the place where packages are installed.
type Target struct {
	Lower []string // read-only layers, the topmost first; may be empty
	Upper string   // what is written; a new directory
	Work  string   // overlayfs's own; on the same file system as Upper
}

// TargetDir is where a Target is mounted.
const TargetDir = "/target"

// Limits bound one run. Zero means none.
type Limits struct {
	Time      time.Duration // wall time
	Silence   time.Duration // longest time without a byte of output
	Memory    int64
	Processes int64
}

// Spec says what to run, and in what.
type Spec struct {
	Argv     []string // Argv[0] is a path inside, or a name looked up in the root's PATH
	Env      []string // all of it: nothing is inherited
	Dir      string   // working directory inside; default /
	Hostname string

	Layers    []string // read-only layers of the root, the topmost first
	HostTools bool     // in place of Layers: the host's own /usr, read-only
	Target    *Target  // only with HostTools
	Binds     []Bind

	User    User
	Network bool // the host's network; otherwise none but loopback
	Arch32  bool // the root's programs are 32-bit ones of this processor family
	Limits  Limits
	Output  io.Writer // standard output and error, interleaved
	OnStart func()    // called when the program itself runs, set-up being done
}

// Reason says which limit ended a run.
type Reason string

// The reasons.
const (
	Ended     Reason = ""          // by itself
	Time      Reason = "time"      // it ran too long
	Silence   Reason = "silence"   // it wrote nothing for too long
	Memory    Reason = "memory"    // out of its memory
	Processes Reason = "processes" // it forked without end
	Disk      Reason = "disk"      // its disk stayed full
	Canceled  Reason = "canceled"  // the context ended
)

// Result is how a run ended.
type Result struct {
	Exit    int           // exit status; 128+n if signal n ended it
	Reason  Reason        // why it was stopped, if it was
	Hint    Reason        // a limit that it ran into, though it ended by itself
	Elapsed time.Duration // of the program, without set-up
	SetUp   time.Duration
}

// plan is what the first stage inside is told; it crosses by a pipe as JSON.
type plan struct {
	Spec     planSpec
	Root     string // an empty directory to build the root on
	Upper    string
	Work     string
	UIDBase  uint32
	Builder  uint32 // host id of the builder
	ShmSize  int64
	MaxProcs int64
}

type planSpec struct {
	Argv, Env       []string
	Dir, Hostname   string
	Layers          []string
	HostTools       bool
	Target          *Target
	Binds           []Bind
	User            User
	Network, Arch32 bool
}
