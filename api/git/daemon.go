package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/hub/source"
)

// Daemon serves git://host/rpms/NAME.git, for reading only.
type Daemon struct {
	repos *source.Repositories
	log   *slog.Logger
	slots chan struct{}
}

// NewDaemon makes a server for at most so many clients at once.
func NewDaemon(repos *source.Repositories, log *slog.Logger, clients int) *Daemon {
	return &Daemon{repos: repos, log: log, slots: make(chan struct{}, clients)}
}

// Serve answers connections until ctx ends.
func (d *Daemon) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Most often there are no file descriptors left: that passes, and is
			// no reason for the whole hub to go down.
			d.log.Warn("git daemon", "err", err, "again_in", acceptPause)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(acceptPause):
			}
			continue
		}
		select {
		case d.slots <- struct{}{}:
			go func() {
				defer func() { c.Close(); <-d.slots }()
				if err := d.session(ctx, c); err != nil {
					d.log.Debug("git daemon", "client", c.RemoteAddr(), "err", err)
				}
			}()
		default:
			c.Close()
		}
	}
}

// acceptPause is how long nobody is let in after a connection that could not be.
const acceptPause = 100 * time.Millisecond

// session reads the one request of a connection, a pkt-line
// "git-upload-pack /rpms/NAME.git\0host=…\0[\0version=2\0]", and lets git answer.
func (d *Daemon) session(ctx context.Context, c net.Conn) error {
	c.SetDeadline(time.Now().Add(30 * time.Second))
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		return err
	}
	n, err := strconv.ParseUint(string(head), 16, 16)
	if err != nil || n < 5 || n > 4096 {
		return errors.New("malformed request")
	}
	line := make([]byte, n-4)
	if _, err := io.ReadFull(c, line); err != nil {
		return err
	}
	fields := strings.Split(string(line), "\x00")
	path, ok := strings.CutPrefix(strings.TrimSuffix(fields[0], "\n"), "git-upload-pack /rpms/")
	if !ok {
		return d.deny(c, "only git-upload-pack of /rpms/NAME.git is served here")
	}
	name := strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git")
	dir, err := d.repos.Path(name)
	if err != nil || !d.repos.Exists(name) {
		return d.deny(c, "there is no such repository")
	}
	env := source.Env()
	for _, f := range fields[1:] {
		if f == "version=1" || f == "version=2" {
			env = append(env, "GIT_PROTOCOL="+f)
		}
	}
	c.SetDeadline(time.Now().Add(time.Hour))
	cmd := exec.CommandContext(ctx, "git", "upload-pack", "--strict", "--timeout=60", "--", dir)
	cmd.Env, cmd.Dir = env, "/"
	cmd.Stdin, cmd.Stdout = c, c
	cmd.WaitDelay = 5 * time.Second
	return cmd.Run()
}

func (d *Daemon) deny(c net.Conn, why string) error {
	msg := "ERR " + why
	_, err := fmt.Fprintf(c, "%04x%s", len(msg)+4, msg)
	return err
}
