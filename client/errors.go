package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// Codes of the faults that this package acts upon.
const (
	codeExpired = 1007 // log in again
	codeRetry   = 1009 // carried out already
	codeOffline = 1014 // come back later
)

// kinds is the one table from fault codes to kinds.
var kinds = map[int]kura.Kind{
	1000: kura.Invalid, 1001: kura.Locked, 1002: kura.Unauthenticated, 1003: kura.Tag,
	1004: kura.Denied, 1005: kura.Build, 1006: kura.Locked, 1007: kura.Expired,
	1008: kura.Sequence, 1009: kura.Retry, 1010: kura.Build, 1011: kura.Build,
	1012: kura.Build, 1014: kura.Unavailable, 1019: kura.Invalid, 1020: kura.Invalid,
	1023: kura.Unauthenticated, 1024: kura.Invalid,
}

// absent are beginnings of what hubs say when a named object is not there: the
// protocol has no code of its own for it.
var absent = []string{"no such ", "no matching ", "couldn't find ", "could not find ", "no package ", "no user ", "invalid taginfo",
	"no file ", "no notification ", "task not found"}

// refusal shows a fault without its number, which says nothing to people.
type refusal struct{ *xmlrpc.Fault }

func (r refusal) Error() string { return strings.TrimSpace(r.Fault.String) }
func (r refusal) Unwrap() error { return r.Fault }

// Code is the number of the hub's fault in err's chain, 0 if there is none.
func Code(err error) int {
	var f *xmlrpc.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return 0
}

func fromFault(method string, f *xmlrpc.Fault) error {
	kind := kinds[f.Code]
	if kind == kura.Invalid {
		text := strings.ToLower(f.String)
		for _, a := range absent {
			if strings.HasPrefix(text, a) {
				kind = kura.NotFound
			}
		}
	}
	var err error = refusal{f}
	if strings.HasPrefix(method, "kura.") && strings.HasPrefix(f.String, "Invalid method") {
		err = fmt.Errorf("only kura's hubs can do this, and this is another kind, or an older one: %w", err)
	}
	return &kura.Error{Op: "hub." + method, Kind: kind, Err: err}
}

// broken is a failure of the way to the hub. It may be repeated.
type broken struct {
	err    error
	status int // of HTTP, if there was an answer
}

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func (h *Hub) unreachable(method string, err error) error {
	op := "hub." + method
	if errors.Is(err, context.Canceled) {
		return &kura.Error{Op: op, Kind: kura.Canceled, Err: err}
	}
	var b *broken
	if errors.As(err, &b) && b.status != 0 {
		return kura.Errorf(op, kura.Unavailable, "the hub at %s did not take %s: %w; is the profile's server right?",
			h.base.Redacted(), method, err)
	}
	advice := "is it running, and is the profile's server right?"
	switch {
	case isTrust(err):
		advice = "its certificate is not trusted: name the authority in the profile with serverca"
	case isAlert(err):
		advice = "it does not accept our certificate: is it expired, revoked, or for another hub?"
	}
	return kura.Errorf(op, kura.Unavailable, "the hub at %s cannot be reached: %w; %s", h.base.Redacted(), err, advice)
}

func isTrust(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

func isAlert(err error) bool {
	var alert tls.AlertError
	return errors.As(err, &alert) || strings.Contains(err.Error(), "remote error: tls:")
}

// lost tells of a call that the hub carried out, but whose answer is gone.
func lost(method string) error {
	return kura.Errorf("hub."+method, kura.Retry,
		"the hub carried out %s, but its answer got lost on the way: look at what became of it before doing it again", method)
}

// unknown tells of a call with a token of which nobody knows whether the hub
// has carried it out.
func unknown(method string, err error) error {
	return kura.Errorf("hub."+method, kura.Retry,
		"the answer to %s got lost on the way (%w), and a call with a token cannot be asked about: look at what became of it before doing it again", method, err)
}

func badAnswer(method, server string, err error) error {
	return kura.Errorf("hub."+method, kura.Other, "the answer to %s from %s cannot be read: %w; is it a hub's address?", method, server, err)
}

// httpError is an HTTP status that is no answer of a hub.
func httpError(status int, text string) error {
	if line, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); line != "" && !strings.HasPrefix(line, "<") {
		return fmt.Errorf("HTTP status %d: %.200s", status, line)
	}
	return fmt.Errorf("HTTP status %d", status)
}
