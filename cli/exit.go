package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kura-build/kura"
)

// Exit statuses. Scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDenied      = 4
	exitTaskFailed  = 5
	exitUnreachable = 6
	exitInterrupted = 130
)

// meanings is the EXIT STATUS section of every help.
var meanings = []struct {
	status  int
	meaning string
}{
	{exitOK, "done"},
	{exitFailed, "the operation failed"},
	{exitUsage, "the command line or the configuration is wrong"},
	{exitNotFound, "there is no such object"},
	{exitDenied, "not allowed, or not logged in"},
	{exitTaskFailed, "a task that was waited for failed or was canceled"},
	{exitUnreachable, "the hub cannot be reached, or is offline"},
	{exitInterrupted, "interrupted; tasks on the hub go on"},
}

// statuses is the one table from kinds to exit statuses. Kinds that are not
// in it are failures.
var statuses = map[kura.Kind]int{
	kura.NotFound:        exitNotFound,
	kura.Denied:          exitDenied,
	kura.Unauthenticated: exitDenied,
	kura.Expired:         exitDenied,
	kura.Unavailable:     exitUnreachable,
	kura.Canceled:        exitInterrupted,
}

// Usage marks a mistake on the command line or in the configuration: the exit
// status says so.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &usage{err}
}

// usage is a mistake on the command line or in the configuration.
type usage struct{ err error }

func (u *usage) Error() string { return u.err.Error() }
func (u *usage) Unwrap() error { return u.err }

func usagef(format string, args ...any) error { return &usage{fmt.Errorf(format, args...)} }

// failedTasks says that the command worked, and what it waited for did not.
// Everything about it has been printed.
type failedTasks struct{ ids []int64 }

func (f *failedTasks) Error() string { return fmt.Sprintf("failed: task %s", joinIDs(f.ids)) }

// ExitStatus gives what the program should end with.
func ExitStatus(err error) int {
	var u *usage
	var f *failedTasks
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &u):
		return exitUsage
	case errors.As(err, &f):
		return exitTaskFailed
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case strings.HasPrefix(err.Error(), "unknown command "): // cobra has no type for it
		return exitUsage
	}
	var k *kura.Error
	if errors.As(err, &k) && k.Op == "client.Load" {
		return exitUsage
	}
	if status, ok := statuses[kura.KindOf(err)]; ok {
		return status
	}
	return exitFailed
}

func exitSection() string {
	var b strings.Builder
	b.WriteString("EXIT STATUS\n")
	for _, m := range meanings {
		fmt.Fprintf(&b, "  %3d  %s\n", m.status, m.meaning)
	}
	return b.String()
}
