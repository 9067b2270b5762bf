package signer

import (
	"errors"
	"fmt"

	"github.com/kura-build/kura/protocol"
)

// The kinds of refusals, in the words that the hub uses for its own errors.
const (
	kindInternal    = "internal"
	kindInvalid     = "invalid"
	kindNotFound    = "not found"
	kindExists      = "exists"
	kindDenied      = "denied"
	kindLocked      = "locked"
	kindTooLarge    = "too large"
	kindUnavailable = "unavailable"
)

// Refusal is the error of an operation that the signer did not carry out. Its
// Kind is one of the hub's words for kinds of errors.
type Refusal struct {
	protocol.Problem
}

func (r *Refusal) Error() string { return r.Message }

func refuse(kind, format string, args ...any) error {
	return &Refusal{protocol.Problem{Kind: kind, Message: fmt.Sprintf(format, args...)}}
}

// problem is what is said about any error to the other side.
func problem(err error) protocol.Problem {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Problem
	}
	return protocol.Problem{Kind: kindInternal, Message: err.Error()}
}
