package signer

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
)

// User is the system user that a signer on the hub's machine runs as.
const User = "kura-signer"

// EnsureUser looks the user up and, for root, makes it if it is missing. The
// error of somebody else tells which command to run.
func EnsureUser(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if unknown := user.UnknownUserError(""); errors.As(err, &unknown) {
		argv := []string{"useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name}
		if os.Geteuid() != 0 {
			return 0, 0, fmt.Errorf("there is no user %s for the signer: run as root: %q", name, argv)
		}
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return 0, 0, fmt.Errorf("make the user %s for the signer: %w: %s", name, err, out)
		}
		u, err = user.Lookup(name)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look up the signer's user: %w", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}
