package protocol

import (
	"encoding/json"
	"time"
)

// Paths of the worker's way in. {id} is the task's number.
//
//	POST /worker/v1/lease                  LeaseRequest → 200 Lease | 204 nothing came free
//	POST /worker/v1/tasks/{id}/heartbeat   Heartbeat → HeartbeatAnswer
//	POST /worker/v1/tasks/{id}/log/{name}  raw bytes; ?offset=N&epoch=E → LogAnswer
//	PUT  /worker/v1/tasks/{id}/file/{name} raw bytes; ?epoch=E&sha256=H → FileAnswer
//	POST /worker/v1/tasks/{id}/buildroot   Buildroot → BuildrootAnswer
//	POST /worker/v1/tasks/{id}/finish      Finish → 204
//	POST /worker/v1/tasks/{id}/fail        Fail → 204
//	POST /worker/v1/tasks/{id}/refuse      Refuse → 204
//
// The worker proves who it is with its client certificate. Every call about a
// task carries the epoch of its lease; 409 with Problem.Kind "fenced" means
// that the task is somebody else's now: stop the work and throw it away.
const (
	PathLease = "/worker/v1/lease"
	PathTasks = "/worker/v1/tasks/"
)

// Problem is the body of every answer that is not a success.
type Problem struct {
	Kind    string `json:"kind"`    // kura.Kind's word
	Message string `json:"message"` // a sentence for people
}

// LeaseRequest asks for work and waits up to Wait for it.
type LeaseRequest struct {
	Methods  []string      `json:"methods"`  // task methods this worker can run
	Arches   []string      `json:"arches"`   // native first; emulated ones after
	Free     float64       `json:"free"`     // capacity left, in task weights
	Load     float64       `json:"load"`     // 1-minute load average
	Memory   int64         `json:"memory"`   // bytes free
	Disk     int64         `json:"disk"`     // bytes free where roots are made
	Running  []Held        `json:"running"`  // leases it holds
	Wait     time.Duration `json:"wait"`     // how long to hold the poll, at most a minute
	Version  string        `json:"version"`  // kura's version on the worker
	Emulated []string      `json:"emulated"` // the arches that run under emulation
}

// Held names a lease that a worker believes it holds.
type Held struct {
	Task  int64 `json:"task"`
	Epoch int64 `json:"epoch"`
}

// Lease is a task given to one worker for Term, renewed by heartbeats.
type Lease struct {
	Task   int64           `json:"task"`
	Epoch  int64           `json:"epoch"` // fencing token: grows with each lease of the task
	Term   time.Duration   `json:"term"`
	Method string          `json:"method"`
	Arch   string          `json:"arch"`
	Order  json.RawMessage `json:"order"`            // SRPMOrder or ArchOrder, by method
	Weight float64         `json:"weight,omitempty"` // of the task in the host's capacity; 0 is 1
}

// Heartbeat renews a lease.
type Heartbeat struct {
	Epoch int64         `json:"epoch"`
	Phase string        `json:"phase,omitempty"`
	Load  float64       `json:"load"`
	Wait  time.Duration `json:"wait,omitempty"` // hold the answer so long, at most half a minute, to hear of a cancel at once
}

// HeartbeatAnswer tells whether to go on.
type HeartbeatAnswer struct {
	Term   time.Duration `json:"term"`
	Cancel bool          `json:"cancel"` // stop now; report nothing
}

// LogAnswer gives the length that the hub has of a log. If it is not the end
// of what was sent, nothing or a part of it was new: go on from there.
type LogAnswer struct {
	Size int64 `json:"size"`
}

// FileAnswer confirms an artefact with what the hub computed.
type FileAnswer struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Limits bound one build.
type Limits struct {
	Time      time.Duration `json:"time"`      // wall time of the whole task
	Silence   time.Duration `json:"silence"`   // no output for so long: it waits for input; 0 = no limit
	Log       int64         `json:"log"`       // bytes of build.log
	Memory    int64         `json:"memory"`    // bytes
	Processes int64         `json:"processes"` // tasks in the build's cgroup
	Disk      int64         `json:"disk"`      // bytes a build may write
}

// Repo is a package repository that a root is made from.
type Repo struct {
	ID       string `json:"id"`
	URL      string `json:"url"` // $arch is expanded by the worker
	Priority int    `json:"priority"`
	GPGKey   string `json:"gpg_key,omitempty"`
	Exclude  string `json:"exclude,omitempty"`
}

// Root says what a clean root consists of.
type Root struct {
	Tag      string            `json:"tag"`
	RepoID   int64             `json:"repo_id"`  // the hub's repository, for the record
	Event    int64             `json:"event"`    // the event it stands for
	Arch     string            `json:"arch"`     // arch of the root
	Repos    []Repo            `json:"repos"`    // one: the hub's own, which shows those of external ones too
	Packages []string          `json:"packages"` // the build group's packages, resolved by the hub from the tag's groups
	Macros   map[string]string `json:"macros"`   // rpm.macro.* of the tag, %dist, %_host…
	Env      map[string]string `json:"env"`
}

// SRPMOrder is the order of buildSRPMFromSCM and rebuildSRPM: make a source
// package in a root of its own. Exactly one of SCM and SRPM is set.
type SRPMOrder struct {
	Root      Root       `json:"root"`
	SCM       *SCM       `json:"scm,omitempty"`
	SRPM      *RemoteRPM `json:"srpm,omitempty"`
	Limits    Limits     `json:"limits"`
	Scratch   bool       `json:"scratch"`
	BuildTime int64      `json:"build_time"` // SOURCE_DATE_EPOCH-like fixed time, 0 = now
}

// SCM is a source address that the hub has parsed and allowed.
type SCM struct {
	Kind      string   `json:"kind"`           // git, git+ssh …
	URL       string   `json:"url"`            // address to clone, option-safe
	Subdir    string   `json:"subdir"`         // directory of the spec inside the repository
	Ref       string   `json:"ref"`            // branch, tag or commit asked for
	Command   []string `json:"source_command"` // run in the root with network on; empty: kura reads `sources` itself
	Lookaside string   `json:"lookaside"`      // base URL of the lookaside cache
	Package   string   `json:"package"`        // name in the lookaside's paths
	CA        string   `json:"ca,omitempty"`   // PEM that serves URL and Lookaside, if not a public one
	Original  string   `json:"original"`       // as the user wrote it
}

// RemoteRPM is a file that the worker fetches from the hub.
type RemoteRPM struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// ArchOrder is the order of buildArch: build binary packages from an SRPM.
type ArchOrder struct {
	Root       Root      `json:"root"`
	SRPM       RemoteRPM `json:"srpm"`
	Arch       string    `json:"arch"`      // what is built: x86_64, noarch…
	KeepSRPM   bool      `json:"keep_srpm"` // send the rebuilt SRPM too
	Limits     Limits    `json:"limits"`
	Emulate    bool      `json:"emulate"` // the worker may use qemu-user
	With       []string  `json:"with,omitempty"`
	BuildTime  int64     `json:"build_time"`
	PackageNVR string    `json:"package_nvr"`
}

// RootPackage is one package found installed in a root.
type RootPackage struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Release   string `json:"release"`
	Epoch     *int64 `json:"epoch"`
	Arch      string `json:"arch"`
	SigMD5    string `json:"sigmd5"` // payload hash, Koji's identity of an rpm
	Size      int64  `json:"size"`
	BuildTime int64  `json:"buildtime"`
	Repo      string `json:"repo"` // id of the repository it came from
}

// Buildroot records what a root held. State follows Koji: the list is sent
// when it is made ("init") and again when the build is done ("done").
type Buildroot struct {
	Epoch     int64         `json:"epoch"`
	State     string        `json:"state"`
	Arch      string        `json:"arch"`
	Packages  []RootPackage `json:"packages"`
	Emulated  bool          `json:"emulated"`
	Cached    bool          `json:"cached"`   // the resolved set was there already
	Sandbox   string        `json:"sandbox"`  // what isolates: "namespaces,overlay,seccomp,…"
	InForce   []string      `json:"in_force"` // limits that this host's kernel really enforces
	HostOS    string        `json:"host_os"`
	ReadyMS   int64         `json:"ready_ms"` // task assigned to root ready
	Container string        `json:"container"`
}

// BuildrootAnswer names the record.
type BuildrootAnswer struct {
	ID int64 `json:"id"`
}

// Finish ends a task with its result. Files and logs name what was sent
// before with PUT file and POST log.
type Finish struct {
	Epoch     int64             `json:"epoch"`
	SRPM      string            `json:"srpm,omitempty"`
	RPMs      []string          `json:"rpms,omitempty"`
	Logs      []string          `json:"logs,omitempty"`
	Source    map[string]string `json:"source,omitempty"` // url, commit: what the SCM ref was
	Buildroot int64             `json:"buildroot,omitempty"`
	Timings   map[string]int64  `json:"timings,omitempty"` // phase → milliseconds
}

// Fail ends a task without one.
type Fail struct {
	Epoch     int64  `json:"epoch"`
	Phase     string `json:"phase"`     // source, buildroot, prep, build, install, check, package, import
	Message   string `json:"message"`   // one sentence: what failed and why
	Cause     string `json:"cause"`     // the first line that caused it
	Log       string `json:"log"`       // the log that holds it
	Line      int    `json:"line"`      // its line there, from 1
	Retryable bool   `json:"retryable"` // the host's fault, not the package's: lease it elsewhere
	Buildroot int64  `json:"buildroot,omitempty"`
}

// Refuse gives a lease back. Hard means: never this task on this host again.
type Refuse struct {
	Epoch  int64  `json:"epoch"`
	Reason string `json:"reason"`
	Hard   bool   `json:"hard"`
}
