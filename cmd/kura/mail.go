package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/notify/mail"
)

// mail has people told of builds, if there is a server that takes mail.
func (h *house) mail(ctx context.Context, g *errgroup.Group) error {
	c := &h.conf.Mail
	if c.Server == "" {
		return nil
	}
	password := ""
	if c.User != "" {
		text, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return fmt.Errorf("[mail] password_file: %w", err)
		}
		password = strings.TrimRight(string(text), "\r\n")
	}
	_, port, err := net.SplitHostPort(h.conf.Listen.Web)
	if err != nil {
		return fmt.Errorf("[listen] web: %w", err)
	}
	s, err := mail.New(mail.Sender{
		DB: h.db, Dest: h.flow.Dest, Log: h.log,
		Rules: notify.Rules{Domain: c.Domain, Success: c.Success, Web: "https://" + net.JoinHostPort(h.conf.Hub.Name, port)},
	}, mail.Config{Server: c.Server, TLS: c.TLS, From: c.From, User: c.User, Password: password, Hello: h.conf.Hub.Name})
	if err != nil {
		return fmt.Errorf("[mail]: %w", err)
	}
	g.Go(func() error { s.Run(ctx); return nil })
	return nil
}
