package account

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kura-build/kura"
)

// ErrTaken is in the chain of errors that say that another session has the
// user for itself.
var ErrTaken = errors.New("User locked by another session") // clients match on it

// Need is what an operation asks of its caller. Each way in keeps one table
// from operation to Need; the zero Need admits nobody, so that an operation
// without a row is closed.
type Need struct {
	text  string
	allow func(Actor) error
}

// Allow gives nil when the actor meets the need, else the sentence that says
// what is missing.
func (n Need) Allow(a Actor) error {
	if n.allow == nil {
		return kura.Errorf("account.Need", kura.Denied, "this operation is open to nobody")
	}
	return n.allow(a)
}

// String says the need in a word or two, for lists of operations.
func (n Need) String() string {
	if n.allow == nil {
		return "nobody"
	}
	return n.text
}

// Needs without parameters.
var (
	// Anyone may, also without logging in.
	Anyone = Need{"anyone", func(Actor) error { return nil }}

	// LoggedIn asks that it is known who acts.
	LoggedIn = Need{"login", func(a Actor) error {
		if !a.LoggedIn() {
			return kura.Errorf("account.Need", kura.Denied, "you must be logged in for this operation")
		}
		return nil
	}}

	// HostOnly asks for a build host.
	HostOnly = Need{"host", func(a Actor) error {
		if !a.LoggedIn() {
			return kura.Errorf("account.Need", kura.Unauthenticated, "Not logged-in")
		}
		if a.Type != Host {
			return kura.Errorf("account.Need", kura.Unauthenticated, "User %d is not a host", a.ID)
		}
		return nil
	}}

	// ExclusiveHost asks for a build host whose session has it for itself.
	ExclusiveHost = Need{"exclusive host", func(a Actor) error {
		if err := HostOnly.Allow(a); err != nil {
			return err
		}
		if !a.Exclusive {
			return kura.Errorf("account.Need", kura.Unauthenticated, "This method requires an exclusive session")
		}
		return nil
	}}
)

// Perm asks for a permission, or admin.
func Perm(name string) Need {
	return Need{"permission " + name, func(a Actor) error {
		if a.Has(name) {
			return nil
		}
		who := "user not logged in"
		if a.LoggedIn() {
			who = "logged in as " + a.Name
		}
		return kura.Errorf("account.Need", kura.Denied, "%s permission required (%s)", name, who)
	}}
}

// Self asks that the actor is a user (or of a group), or admin.
func Self(user int64) Need {
	return Need{fmt.Sprintf("user %d", user), func(a Actor) error {
		if a.Is(user) || a.Has(Admin) {
			return nil
		}
		return kura.Errorf("account.Need", kura.Denied, "not owner")
	}}
}

// AnyOf is met when one of the needs is; the first one's sentence is given
// when none is.
func AnyOf(needs ...Need) Need {
	var names []string
	for _, n := range needs {
		names = append(names, n.String())
	}
	return Need{strings.Join(names, " or "), func(a Actor) error {
		var first error
		for _, n := range needs {
			err := n.Allow(a)
			if err == nil {
				return nil
			}
			if first == nil {
				first = err
			}
		}
		if first == nil {
			return Need{}.Allow(a)
		}
		return first
	}}
}
