package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/signer"
)

// soon is how long a look at another part may take.
const soon = 5 * time.Second

func (d *doctor) hub(ctx context.Context) {
	d.area = "Hub"
	d.database(ctx)
	d.store(ctx)
	d.git()
	d.certificate("authority", filepath.Join(d.conf.Data, "pki", "ca.crt"), "kura init", "all certificates are to be issued anew then: plan ahead")
	d.certificate("hub's certificate", filepath.Join(d.conf.Data, "pki", "hub.pem"), "kura init", "remove the file and run kura init")
	d.ports(ctx)
	d.signer(ctx)
}

func (d *doctor) database(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if path, lite := strings.CutPrefix(d.conf.Database.URL, "sqlite:"); lite {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			d.say(verdictFail, "database", path+" is not there", "kura init")
			return
		}
	}
	x, err := db.Open(ctx, d.conf.Database.URL)
	if err != nil {
		d.say(verdictFail, "database", err.Error(), "start it, and look at database.url")
		return
	}
	defer x.Close()
	have, want, err := x.Version(ctx)
	detail := fmt.Sprintf("%s answers, its tables have version %d", x.Dialect(), have)
	switch {
	case err != nil:
		d.say(verdictFail, "database", err.Error(), "start it, and look at database.url")
	case have > want:
		d.say(verdictFail, "database", fmt.Sprintf("%s, this program knows only up to %d", detail, want), "start a newer kura")
	case have == 0:
		d.say(verdictWarn, "database", "it has no tables yet", "kura init")
	case have < want:
		d.say(verdictWarn, "database", fmt.Sprintf("%s, this program's is %d", detail, want), "back it up with kura backup; the next start brings it up to date")
	default:
		d.say(verdictOK, "database", detail, "")
	}
	if x.Dialect() == db.Postgres {
		if _, err := d.look("pg_dump"); err != nil {
			d.say(verdictWarn, "program pg_dump", "not found; kura backup needs it", "apt install postgresql-client (dnf install postgresql)")
		}
	}
}

func (d *doctor) store(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	path, local := strings.CutPrefix(d.conf.Blobs.URL, "dir:")
	if local {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			d.say(verdictFail, "blobs", path+" is not there", "kura init")
			return
		}
	}
	s, err := openBlobs(d.conf)
	if err == nil {
		err = s.Healthy(ctx)
	}
	if err != nil {
		d.say(verdictFail, "blobs", err.Error(), "look at blobs.url; give it more space when it is full")
		return
	}
	detail := "a trial write went well"
	if local {
		if free, _, err := freeBelow(path); err == nil {
			detail += ", " + amount(free) + " are free"
			if free < 4*d.conf.Blobs.MinFree {
				d.say(verdictWarn, "blobs", detail, fmt.Sprintf("uploads are refused below %s (blobs.min_free): give it more space soon", amount(d.conf.Blobs.MinFree)))
				return
			}
		}
	}
	d.say(verdictOK, "blobs", detail, "")
}

func (d *doctor) git() {
	if path, err := d.look("git"); err == nil {
		d.say(verdictOK, "program git", path, "")
		return
	}
	d.say(verdictFail, "program git", "not found; dist-git needs it", "apt install git (dnf install git)")
}

// ports tries to listen. A port that is taken is well when this kura has it.
func (d *doctor) ports(ctx context.Context) {
	l := d.conf.Listen
	running := d.answers(ctx, dialable(l.Web))
	for _, p := range []struct{ key, address string }{
		{"listen.web", l.Web}, {"listen.certificate", l.Certificate}, {"listen.plain", l.Plain}, {"listen.git", l.Git}, {"bus.cluster", d.conf.Bus.Cluster},
	} {
		if p.address == "" {
			continue
		}
		name := fmt.Sprintf("port %s (%s)", p.address, p.key)
		socket, err := net.Listen("tcp", p.address)
		switch {
		case err == nil:
			socket.Close()
			d.say(verdictOK, name, "free", "")
		case errors.Is(err, syscall.EADDRINUSE) && running:
			d.say(verdictOK, name, "this kura listens there", "")
		case errors.Is(err, syscall.EADDRINUSE):
			d.say(verdictFail, name, "another program listens there", "ss -ltnp says which; stop it, or change "+p.key)
		case errors.Is(err, os.ErrPermission):
			d.say(verdictFail, name, "only root may listen below 1024", "AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or another port")
		default:
			d.say(verdictFail, name, err.Error(), "change "+p.key)
		}
	}
}

func (d *doctor) signer(ctx context.Context) {
	if !d.conf.Signer.Enabled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	dir := filepath.Dir(d.conf.Signer.Socket)
	if _, err := os.Stat(filepath.Join(dir, "seal.json")); err != nil {
		if errors.Is(err, os.ErrPermission) {
			d.say(verdictWarn, "signer", dir+" is its own: only root sees whether it is whole", "sudo kura doctor")
		} else {
			d.say(verdictFail, "signer", dir+" is not set up", "kura init, as root, so that it can make the user "+d.conf.Signer.User)
		}
		return
	}
	state, err := signer.NewClient(d.conf.Signer.Socket, nil).Status(ctx)
	if err != nil {
		d.say(verdictWarn, "signer", "it is set up and does not run: "+err.Error(), "kura up starts it; on its own: kura signer")
		return
	}
	d.say(verdictOK, "signer", fmt.Sprintf("it runs with %d keys; %s", state.Keys, strings.Join(state.Guards, ", ")), "")
}
