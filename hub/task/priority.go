package task

import (
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// farthest is how far from the usual priority somebody may want a task to be.
const farthest = 1000

// Beside is the priority of tasks, or whatever it is of, that is so far from the
// usual one. Only administrators may be sooner than that.
func Beside(by account.Actor, n int64, what string) (int, error) {
	const op = "task.Beside"
	if n < 0 && !by.Has(account.Admin) {
		return 0, kura.Errorf(op, kura.Denied, "only admins may create high-priority %s", what)
	}
	if n < -farthest || n > farthest {
		return 0, kura.Errorf(op, kura.Invalid, "priority %d is too far from the usual one: want %d at most", n, farthest)
	}
	return DefaultPriority + int(n), nil
}
