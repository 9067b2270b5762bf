// Package mail is a way out: it sends what the room hub/notify writes, by SMTP.
// Each letter is sent once, however many hubs there are, and once more if a hub
// dies while it sends one.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/notify"
)

// Config says where mail goes.
type Config struct {
	Server   string // host:port
	From     string
	User     string // empty: no login
	Password string
	TLS      string // one of Modes
	Hello    string // the name that the hub gives itself
	Roots    *tls.Config
}

// Modes are how the connection is encrypted: from its first byte; from
// STARTTLS on; so if the server can; not at all.
var Modes = []string{"tls", "starttls", "opportunistic", "none"}

// Sender writes letters and sends them.
type Sender struct {
	DB    *db.DB
	Rules notify.Rules
	Dest  func(ctx context.Context, tx *db.Tx, task int64) (*int64, error) // the tag that a task builds for
	Log   *slog.Logger

	client *smtp.Client
	from   string
}

// New makes a sender.
func New(s Sender, c Config) (*Sender, error) {
	const op = "mail.New"
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "mail server %q: want HOST:PORT: %w", c.Server, err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "mail server %q: port %q is no number", c.Server, port)
	}
	opts := []smtp.Option{smtp.WithPort(n), smtp.WithTimeout(time.Minute)}
	switch c.TLS {
	case "tls":
		opts = append(opts, smtp.WithSSL())
	case "starttls":
		opts = append(opts, smtp.WithTLSPolicy(smtp.TLSMandatory))
	case "opportunistic", "":
		opts = append(opts, smtp.WithTLSPolicy(smtp.TLSOpportunistic))
	case "none":
		opts = append(opts, smtp.WithTLSPolicy(smtp.NoTLS))
	default:
		return nil, kura.Errorf(op, kura.Invalid, "mail tls %q: want one of %v", c.TLS, Modes)
	}
	if c.Hello != "" {
		opts = append(opts, smtp.WithHELO(c.Hello))
	}
	if c.Roots != nil {
		opts = append(opts, smtp.WithTLSConfig(c.Roots))
	}
	if c.User != "" {
		if c.TLS != "tls" && c.TLS != "starttls" {
			return nil, kura.Errorf(op, kura.Invalid, "mail user %q: a password goes over an encrypted line only: set tls to \"tls\" or \"starttls\"", c.User)
		}
		opts = append(opts, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(c.User), smtp.WithPassword(c.Password))
	}
	if s.client, err = smtp.NewClient(host, opts...); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "mail server %q: %w", c.Server, err)
	}
	s.from = c.From
	if err := smtp.NewMsg().From(c.From); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "mail from %q: %w", c.From, err)
	}
	return &s, nil
}

// pause is how long nothing is looked for when there was nothing.
const pause = 2 * time.Second

// Run writes and sends until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for {
		more, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("mail", "err", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Step writes of what has happened and sends a letter. It reports whether there
// was anything to do.
func (s *Sender) Step(ctx context.Context) (more bool, err error) {
	var l *notify.Letter
	due := false
	err = s.DB.View(ctx, func(tx *db.Tx) (err error) {
		due, err = notify.Due(ctx, tx)
		return err
	})
	if err != nil || !due {
		return false, err
	}
	err = s.DB.Update(ctx, func(tx *db.Tx) error {
		n, err := s.Rules.Write(ctx, tx, s.Dest)
		if err != nil {
			return err
		}
		more = n > 0
		l, err = notify.Take(ctx, tx)
		return err
	})
	if err != nil || l == nil {
		return more, err
	}
	sent := s.send(ctx, l)
	return true, s.DB.Update(ctx, func(tx *db.Tx) error {
		var refused *smtp.SendError
		switch {
		case sent == nil:
			return notify.Sent(ctx, tx, l.ID)
		case errors.Is(sent, errAddress), errors.As(sent, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
			s.Log.Warn("the mail server refuses a letter", "to", l.To, "subject", l.Subject, "err", sent)
			return notify.Sent(ctx, tx, l.ID)
		}
		again, err := notify.Return(ctx, tx, l)
		s.Log.Warn("a letter could not be sent", "to", l.To, "subject", l.Subject, "tries", l.Tries, "again", again, "err", sent)
		return err
	})
}

// errAddress says that nobody can be written to under an address.
var errAddress = errors.New("no address")

func (s *Sender) send(ctx context.Context, l *notify.Letter) error {
	m := smtp.NewMsg()
	if err := m.From(s.from); err != nil {
		return err
	}
	if err := m.To(l.To); err != nil {
		return fmt.Errorf("%w: %w", errAddress, err)
	}
	m.SetUserAgent("kura " + kura.Version)
	m.Subject(l.Subject)
	m.SetDateWithValue(l.Time)
	for name, v := range l.Headers {
		m.SetGenHeader(smtp.Header(name), v)
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated") // nobody is to be told that somebody is away
	m.SetBodyString(smtp.TypeTextPlain, l.Text)
	return s.client.DialAndSendWithContext(ctx, m)
}
