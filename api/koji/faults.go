package koji

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// Fault codes that clients map to their exception classes.
const (
	otherFault       = 1
	genericError     = 1000
	lockError        = 1001
	authError        = 1002
	tagError         = 1003
	actionNotAllowed = 1004
	buildError       = 1005
	authLockError    = 1006
	authExpired      = 1007
	sequenceError    = 1008
	retryError       = 1009
	preBuildError    = 1010
	serverOffline    = 1014
	parameterError   = 1019
	importError      = 1020
)

// faultCodes is the one table from kinds to fault codes. Fenced is what a
// builder hears that lost its task: to Koji it does not own it.
var faultCodes = map[kura.Kind]int{
	kura.Other:           otherFault,
	kura.Invalid:         genericError,
	kura.NotFound:        genericError,
	kura.Exists:          genericError,
	kura.Denied:          actionNotAllowed,
	kura.Unauthenticated: authError,
	kura.Expired:         authExpired,
	kura.Conflict:        genericError,
	kura.Tag:             tagError,
	kura.Build:           buildError,
	kura.Import:          importError,
	kura.Fenced:          actionNotAllowed,
	kura.Sequence:        sequenceError,
	kura.Retry:           retryError,
	kura.Locked:          lockError,
	kura.TooLarge:        genericError,
	kura.NoSpace:         genericError,
	kura.Unavailable:     serverOffline, // builders wait and try again
	kura.Canceled:        genericError,
}

// fault makes an error that reaches the client as it is. Handlers may return
// one where no kind says what clients expect.
func fault(code int, format string, args ...any) error {
	return &xmlrpc.Fault{Code: code, String: fmt.Sprintf(format, args...)}
}

// toFault gives what the client is told. An error that is nobody's fault but
// ours goes to the log under a reference, and only the reference to the
// client: such texts hold paths and SQL.
func toFault(ctx context.Context, log *slog.Logger, method string, err error) *xmlrpc.Fault {
	var f *xmlrpc.Fault
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, account.ErrTaken) {
		return &xmlrpc.Fault{Code: authLockError, String: err.Error()}
	}
	kind := kura.KindOf(err)
	if kind != kura.Other {
		return &xmlrpc.Fault{Code: faultCodes[kind], String: worded(method, err.Error())}
	}
	if ctx.Err() != nil {
		return &xmlrpc.Fault{Code: otherFault, String: "the call was given up: " + ctx.Err().Error()}
	}
	ref := rand.Text()[:8]
	log.ErrorContext(ctx, "call failed", "method", method, "reference", ref, "err", err, "trace", kura.Trace(err))
	return &xmlrpc.Fault{Code: otherFault, String: fmt.Sprintf(
		"internal error in %s; the hub's log has it under reference %s", method, ref)}
}
