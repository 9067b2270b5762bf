package mail

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
)

// server takes mail, or refuses it with an answer.
type server struct {
	address string
	mu      sync.Mutex
	refuse  string
	got     []string // "recipient\nmessage"
}

func newServer(t *testing.T) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &server{address: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

func (s *server) talk(c net.Conn) {
	defer c.Close()
	in := bufio.NewScanner(c)
	say := func(text string) { fmt.Fprint(c, text+"\r\n") }
	say("220 test")
	to := ""
	for in.Scan() {
		verb, rest, _ := strings.Cut(in.Text(), " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250 test")
		case "RCPT":
			s.mu.Lock()
			refuse := s.refuse
			s.mu.Unlock()
			if refuse != "" {
				say(refuse)
				continue
			}
			to = strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>")
			say("250 ok")
		case "DATA":
			say("354 go on")
			var lines []string
			for in.Scan() && in.Text() != "." {
				lines = append(lines, in.Text())
			}
			s.mu.Lock()
			s.got = append(s.got, to+"\n"+strings.Join(lines, "\n"))
			s.mu.Unlock()
			say("250 kept")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// taken gives what came since it was last asked, by recipient.
func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	slices.Sort(got)
	return got
}

type post struct {
	*buildtest.Site
	t    *testing.T
	smtp *server
	dest *int64
}

func (p *post) sender() *Sender {
	p.t.Helper()
	s, err := New(Sender{DB: p.DB, Log: slog.New(slog.DiscardHandler), Rules: notify.Rules{Domain: "example.org", Web: "https://hub", Success: true},
		Dest: func(context.Context, *db.Tx, int64) (*int64, error) { return p.dest, nil }},
		Config{Server: p.smtp.address, From: "kura@example.org", TLS: "none"})
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// deliver sends all that there is to send.
func (p *post) deliver(s *Sender) {
	p.t.Helper()
	for {
		more, err := s.Step(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		if more {
			continue
		}
		due := false
		p.Do(func(ctx context.Context, tx *db.Tx) (err error) {
			due, err = notify.Due(ctx, tx)
			return err
		})
		if !due {
			return
		}
		time.Sleep(20 * time.Millisecond) // what came last may wait for what came before it
	}
}

func (p *post) user(name string) (u account.User) {
	p.Do(func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = account.Create(ctx, tx, name, account.Person)
		return err
	})
	return u
}

func (p *post) ask(u account.User, pkg, in *int64, successOnly bool) {
	p.Do(func(ctx context.Context, tx *db.Tx) error {
		return notify.Create(ctx, tx, p.User, u, pkg, in, successOnly, "example.org")
	})
}

// ended is a build of a task that came to an end.
func (p *post) ended(release string, state build.State) *build.Build {
	var b *build.Build
	p.Do(func(ctx context.Context, tx *db.Tx) (err error) {
		id, err := tx.Insert(ctx, "INSERT INTO task (state, method, request, arch, priority, weight, create_time, free_time, share) VALUES (1, 'build', '[]', 'noarch', 20, 1, 0, 0, 0) RETURNING id")
		if err != nil {
			return err
		}
		if b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: release, TaskID: &id, OwnerID: p.User.ID}); err != nil {
			return err
		}
		b, err = build.SetState(ctx, tx, b.ID, state)
		return err
	})
	return b
}

func onPosts(t *testing.T, fn func(t *testing.T, p *post)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, &post{Site: buildtest.New(t, d), t: t, smtp: newServer(t)}) })
}

// want looks who got mail, and what its subjects are.
func (p *post) want(subject string, to ...string) []string {
	p.t.Helper()
	got := p.smtp.taken()
	var rcpts []string
	for _, m := range got {
		rcpt, text, _ := strings.Cut(m, "\n")
		rcpts = append(rcpts, rcpt)
		if !strings.Contains(text, "Subject: "+subject+"\n") {
			p.t.Errorf("to %s, without the subject %s:\n%s", rcpt, subject, text)
		}
	}
	if !slices.Equal(rcpts, to) {
		p.t.Errorf("%s went to %v, not to %v", subject, rcpts, to)
	}
	return got
}

func TestWhoIsTold(t *testing.T) {
	onPosts(t, func(t *testing.T, p *post) {
		s := p.sender()
		p.ended("0", build.Complete) // before anybody listened
		p.deliver(s)
		p.want("")

		p.dest = &p.Dest.ID
		all, good, other, blocked := p.user("all"), p.user("good"), p.user("other"), p.user("blocked")
		p.ask(all, nil, nil, false)
		p.ask(good, nil, &p.Dest.ID, true)
		p.ask(blocked, nil, nil, false)
		p.Do(func(ctx context.Context, tx *db.Tx) error {
			id, err := tag.Create(ctx, tx, p.User, tag.Config{Name: "elsewhere"})
			if err != nil {
				return err
			}
			if err := notify.Create(ctx, tx, p.User, other, nil, &id, false, "example.org"); err != nil {
				return err
			}
			return notify.CreateBlock(ctx, tx, p.User, blocked, nil, &p.Dest.ID)
		})
		p.ended("1", build.Complete)
		p.deliver(s)
		got := p.want("hello-2.10-1: built for f36", "all@example.org", "good@example.org", "packager@example.org")
		for _, line := range []string{"X-Koji-NVR: hello-2.10-1", "X-Koji-Tag: f36", "X-Koji-Status: complete", "X-Koji-Builder: packager", "X-Koji-Package: hello",
			"Auto-Submitted: auto-generated", "From: <kura@example.org>", "https://hub/koji/buildinfo?buildID="} {
			if !strings.Contains(got[0], line) {
				t.Errorf("no %q in\n%s", line, got[0])
			}
		}
		p.ended("2", build.Failed)
		p.deliver(s)
		p.want("hello-2.10-2: failed to build for f36", "all@example.org", "packager@example.org")

		p.Do(func(ctx context.Context, tx *db.Tx) error {
			return account.SetStatus(ctx, tx, all.ID, account.Blocked)
		})
		p.ended("3", build.Canceled)
		p.deliver(s)
		p.want("hello-2.10-3: canceled for f36", "packager@example.org")
	})
}

func TestTaggings(t *testing.T) {
	onPosts(t, func(t *testing.T, p *post) {
		s := p.sender()
		p.deliver(s)
		b := p.ended("1", build.Complete)
		p.deliver(s)
		p.want("hello-2.10-1: built", "packager@example.org")
		for _, c := range []struct {
			notify.Tagging
			subject, status string
		}{
			{notify.Tagging{Tag: &p.Dest.ID}, "hello-2.10-1: tagged with f36 by ada", "tagged"},
			{notify.Tagging{From: &p.Dest.ID}, "hello-2.10-1: untagged from f36 by ada", "untagged"},
			{notify.Tagging{From: &p.Dest.ID, Tag: &p.Dest.ID}, "hello-2.10-1: moved from f36 to f36 by ada", "moved"},
			{notify.Tagging{Tag: &p.Dest.ID, Failure: "it is locked"}, "hello-2.10-1: could not be tagged with f36 by ada", "failed"},
		} {
			c.Build, c.By = b.ID, "ada"
			p.Do(func(ctx context.Context, tx *db.Tx) error { return notify.Tagged(ctx, tx, c.Tagging) })
			p.deliver(s)
			got := p.want(c.subject, "packager@example.org")
			if !strings.Contains(got[0], "X-Koji-Status: "+c.status) || !strings.Contains(got[0], c.Failure) {
				t.Error(got[0])
			}
		}
	})
}

// What cannot be told keeps nothing else from being told.
func TestNonsenseIsPassedOver(t *testing.T) {
	onPosts(t, func(t *testing.T, p *post) {
		s := p.sender()
		p.deliver(s)
		b, nowhere := p.ended("1", build.Complete), int64(99)
		p.Do(func(ctx context.Context, tx *db.Tx) error {
			if err := notify.Tagged(ctx, tx, notify.Tagging{Build: b.ID, Tag: &nowhere, By: "ada"}); err != nil {
				return err
			}
			return notify.Tagged(ctx, tx, notify.Tagging{Build: b.ID, Tag: &p.Dest.ID, By: "ada", Failure: "no\x00thing"})
		})
		p.deliver(s)
		if got := p.smtp.taken(); len(got) != 2 || !strings.Contains(got[0]+got[1], "Why:     nothing") {
			t.Errorf("%v", got)
		}
	})
}

// Two hubs send each letter once.
func TestOneOfManyHubs(t *testing.T) {
	onPosts(t, func(t *testing.T, p *post) {
		hubs := []*Sender{p.sender(), p.sender(), p.sender()}
		p.deliver(hubs[0])
		for i := range 10 {
			p.ended(fmt.Sprint(i), build.Complete)
		}
		var wg sync.WaitGroup
		for _, s := range hubs {
			wg.Go(func() {
				for range 40 {
					if _, err := s.Step(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		p.deliver(hubs[0])
		if got := p.smtp.taken(); len(got) != 10 {
			t.Errorf("%d letters of 10", len(got))
		}
	})
}

// A letter that a server does not take now is tried again; one that it never
// will take is given up.
func TestRefusals(t *testing.T) {
	onPosts(t, func(t *testing.T, p *post) {
		s := p.sender()
		p.deliver(s)
		p.smtp.refuse = "451 later"
		p.ended("1", build.Complete)
		p.deliver(s)
		waits := func() (n int) {
			p.Do(func(ctx context.Context, tx *db.Tx) error {
				return tx.Row(ctx, "SELECT count(*) FROM mail WHERE due > $1 AND tries = 1", db.Now()).Scan(&n)
			})
			return n
		}
		if waits() != 1 {
			t.Error("no letter waits")
		}
		p.smtp.refuse = ""
		p.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE mail SET due = 0")
			return err
		})
		p.deliver(s)
		p.want("hello-2.10-1: built", "packager@example.org")
		p.smtp.refuse = "550 nobody here"
		p.ended("2", build.Complete)
		p.deliver(s)
		if waits() != 0 {
			t.Error("a letter waits that nobody will ever take")
		}
	})
}

func TestWrongConfiguration(t *testing.T) {
	for want, c := range map[string]Config{
		"want HOST:PORT": {Server: "mail", From: "a@b"},
		"is no number":   {Server: "mail:smtp", From: "a@b"},
		"want one of":    {Server: "mail:25", From: "a@b", TLS: "yes"},
		"mail from":      {Server: "mail:25", From: "nobody at all"},
		"encrypted line": {Server: "mail:25", From: "a@b", User: "kura", TLS: "opportunistic"},
	} {
		if _, err := New(Sender{}, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, without %q", err, want)
		}
	}
}
