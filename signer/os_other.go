//go:build !linux

package signer

import (
	"errors"
	"net"
	"os"
	"os/exec"
)

// The signer runs on Linux; elsewhere the client's commands are built from
// the same program.
var errLinux = errors.New("the signer runs on Linux only")

func setCredential(*exec.Cmd, uint32, uint32) {}

func credentials(*net.UnixConn) (peer, error) { return peer{}, errLinux }

func lockDir(*os.Root) (func() error, error) { return nil, errLinux }

// Harden fails: the signer runs on Linux only.
func Harden() ([]string, error) { return nil, errLinux }
