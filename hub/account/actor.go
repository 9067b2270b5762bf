package account

import (
	"fmt"
	"slices"

	"github.com/kura-build/kura"
)

// Ref names a record by its id, or by its name when ID is 0.
type Ref struct {
	ID   int64
	Name string
}

// ByID and ByName make a Ref.
func ByID(id int64) Ref      { return Ref{ID: id} }
func ByName(name string) Ref { return Ref{Name: name} }

// String gives what the caller called it, for sentences.
func (r Ref) String() string {
	if r.ID != 0 || r.Name == "" {
		return fmt.Sprint(r.ID)
	}
	return r.Name
}

// Kinds of users and ways to log in, numbered as in Koji.
const (
	Person = 0
	Host   = 1
	Group  = 2

	Normal  = 0 // status
	Blocked = 1

	AuthPassword    = 0
	AuthKerberos    = 1
	AuthCertificate = 2
	AuthGSSAPI      = 3
)

// Admin is the permission that implies all others.
const Admin = "admin"

// Actor is who carries out an operation. The zero Actor is nobody in
// particular: it may read what is public.
type Actor struct {
	ID       int64 // 0: nobody, or the hub itself
	Name     string
	Type     int              // Person, Host
	Perms    map[string]bool  // own and through groups, cut down to the token's scopes
	Groups   map[int64]string // id to name
	Authtype int

	Session   int64    // 0: a token, or none
	Master    int64    // of a subsession
	Exclusive bool     // this session, or its master, has its user for itself
	Taken     bool     // another session has: see CheckLock
	Stale     bool     // its last use is noted as long ago: call Touch in passing
	Token     int64    // the token's id, 0 for a session
	Until     int64    // when its session or token runs out, in microseconds; 0 never
	Scopes    []string // to which Perms are cut down; nil: they are all of the user's
	IP        string
	system    bool
}

// Anonymous is nobody in particular.
var Anonymous = Actor{}

// System is the hub itself: it may do everything, and stands as user 0 in
// histories.
var System = Actor{Name: "kura", system: true}

// LoggedIn reports whether it is known who acts.
func (a Actor) LoggedIn() bool { return a.ID != 0 || a.system }

// Holds reports whether the actor was given this very permission.
func (a Actor) Holds(perm string) bool { return a.system || a.Perms[perm] }

// Has reports whether the actor may do what a permission is for.
func (a Actor) Has(perm string) bool { return a.Holds(perm) || a.Perms[Admin] }

// PermNames lists the permissions, sorted.
func (a Actor) PermNames() []string {
	names := make([]string, 0, len(a.Perms))
	for p := range a.Perms {
		names = append(names, p)
	}
	slices.Sort(names)
	return names
}

// Is reports whether the actor is a user, or a member of a group.
func (a Actor) Is(user int64) bool {
	if !a.LoggedIn() || user == 0 {
		return false
	}
	_, member := a.Groups[user]
	return a.ID == user || member
}

// CheckLock refuses while another session has the user for itself. A way in
// asks it before every operation but those that log in, log out and take over.
func (a Actor) CheckLock() error {
	if a.Taken {
		return &kura.Error{Op: "account.CheckLock", Kind: kura.Locked, Err: ErrTaken}
	}
	return nil
}
