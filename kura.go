// Package kura holds what every room shares: the one error type, its kinds,
// and the version. It imports nothing of ours and nothing foreign.
package kura

import (
	"errors"
	"fmt"
)

// Version is the program's own version. Release builds set it with the linker.
var Version = "0.1.0-dev"

// Kind says what sort of failure an error is. Each way in has one table from
// Kind to its own code (Koji fault, HTTP status, exit status).
type Kind uint8

// The kinds. Other covers everything that a caller can do nothing about.
const (
	Other           Kind = iota // internal: a bug, a broken disk, a lost database
	Invalid                     // the request itself is wrong
	NotFound                    // the named object does not exist
	Exists                      // the object is there already
	Denied                      // the caller is known but may not
	Unauthenticated             // the caller is not known: no, wrong or revoked credentials
	Expired                     // the caller was known: log in again
	Conflict                    // the object is in a state that forbids it
	Tag                         // a tag's rules forbid it (not listed, blocked, locked, tagged already)
	Build                       // a build's state forbids it
	Import                      // what comes in is not what it should be
	Fenced                      // the lease is not yours any more
	Sequence                    // a call number from the past
	Retry                       // this very call was already carried out
	Locked                      // somebody else holds it: try again later
	TooLarge                    // over a limit
	NoSpace                     // a disk is full
	Unavailable                 // a part of kura, or a foreign server, is away
	Canceled                    // stopped on request
)

var kindNames = [...]string{
	"internal", "invalid", "not found", "exists", "denied", "unauthenticated",
	"expired", "conflict", "tag", "build", "import", "fenced", "sequence", "retry", "locked",
	"too large", "no space", "unavailable", "canceled",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is the one error type. Op names what was being done ("tag.Create"),
// Kind decides what a way in answers, Err is the cause or the sentence shown.
type Error struct {
	Op   string
	Kind Kind
	Err  error
}

// Error gives the sentence for people; Op is for logs (see Trace).
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// E wraps err once per room with what was being done. It keeps the kind of an
// err that is ours already, and returns nil for nil.
func E(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: KindOf(err), Err: err}
}

// Errorf makes an error of a kind, with a sentence that says what failed, on
// which object, why, and what to do.
func Errorf(op string, kind Kind, format string, args ...any) error {
	return &Error{Op: op, Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf is the kind of the outermost error of ours in err's chain, else Other.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Trace lists the operations an error came through, outermost first, for logs.
func Trace(err error) []string {
	var ops []string
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			break
		}
		if e.Op != "" {
			ops = append(ops, e.Op)
		}
		err = e.Err
	}
	return ops
}
