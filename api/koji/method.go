package koji

import (
	"context"

	"github.com/kura-build/kura/hub/account"
)

// Method is one row of the table of everything that clients may call.
type Method struct {
	Name   string       // as clients call it
	Python string       // the signature in Python's spelling; its name stands in texts of fault 1019
	Needs  account.Need // who may call it; a row without it is refused
	Mode   Mode         // what it needs of the database; a row without it is refused
	Repeat bool         // carried out again if a client repeats the same call number
	Once   bool         // it asks the database one question, as a rule: see db.Ask
	Still  bool         // it asks the database nothing
	Kept   bool         // it says the same to all, and its answers may be kept: see keeping.go
	Doc    string       // one sentence for people

	sig *signature
}

// Handler carries out one call. The result is written after it returns, within
// the same transaction, so it may be a stream of rows.
type Handler func(ctx context.Context, c *Call) (any, error)

// Handlers are implementations by method name.
type Handlers map[string]Handler

// Mode says what a method needs of the database.
type Mode uint8

// The modes.
const (
	undeclared Mode = iota
	Read            // a transaction that only reads; the answer is streamed
	Write           // a transaction that writes; the answer waits for the commit
	Apart           // no transaction: it moves files or hashes passwords, and opens its own
)

// Needs that the table is written in. Policy is a login too: which policy
// decides, and about what, is known to the room that carries the call out; so
// are the rules on objects (owner, host of the task) behind a mere Login.
var (
	Anonymous     = account.Anyone
	Login         = account.LoggedIn
	Policy        = account.LoggedIn
	ExclusiveHost = account.ExclusiveHost
)

// Perm needs one of the permissions, or admin.
func Perm(names ...string) account.Need {
	if len(names) == 1 {
		return account.Perm(names[0])
	}
	needs := make([]account.Need, len(names))
	for i, n := range names {
		needs[i] = account.Perm(n)
	}
	return account.AnyOf(needs...)
}

// declared reports whether a need was written down: the zero one was not.
func declared(n account.Need) bool { return n.String() != account.Need{}.String() }
