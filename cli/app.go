package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kura-build/kura/client"
)

// Env is what commands touch of the world. Zero fields of it are filled in by
// New: the process's own.
type Env struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
	Home   string // where the user's configuration is
	System string // where the machine's is; usually /etc
	Data   string // of a kura on this machine: the default of --data
	// Size gives columns and rows of the terminal that a stream is, or false.
	Size func(w io.Writer) (cols, rows int, ok bool)
	// Hidden asks for what must not be seen, or gives false where nobody types.
	Hidden func(prompt string) (answer string, ok bool, err error)
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error
	Zone   *time.Location
}

func (e *Env) fill() {
	if e.In == nil {
		e.In = os.Stdin
	}
	if e.Out == nil {
		e.Out = os.Stdout
	}
	if e.Err == nil {
		e.Err = os.Stderr
	}
	if e.Getenv == nil {
		e.Getenv = os.Getenv
	}
	if e.Home == "" {
		e.Home, _ = os.UserHomeDir() // without one, nothing is looked for there
	}
	if e.System == "" {
		e.System = "/etc"
	}
	if e.Size == nil {
		e.Size = terminalSize
	}
	if e.Hidden == nil {
		e.Hidden = hidden(e.In, e.Err)
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Sleep == nil {
		e.Sleep = pause
	}
	if e.Zone == nil {
		e.Zone = time.Local
	}
}

func terminalSize(w io.Writer) (int, int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	cols, rows, err := term.GetSize(int(f.Fd()))
	return cols, rows, err == nil && cols > 0 && rows > 0
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// app is what all commands of one run share.
type app struct {
	Env
	profile, config, data string
	json, quiet           bool
	sessions              []*client.Hub // to be ended
}

// hub gives the hub of the chosen profile. Nobody is logged in: most of a hub
// may be looked at by everybody.
func (a *app) hub() (*client.Hub, error) {
	w := client.Where{Profile: a.profile, Config: a.config, Data: a.data, Home: a.Home, System: a.System, Token: a.Getenv("KURA_TOKEN")}
	if w.Profile == "" {
		w.Profile = a.Getenv("KURA_PROFILE")
	}
	p, err := client.Load(w)
	if err != nil {
		return nil, err
	}
	h, err := client.New(p)
	if err != nil {
		return nil, err
	}
	h.OnRetry = func(method string, err error, pause time.Duration) {
		if pause > 0 {
			fmt.Fprintf(a.Err, "kura: %s: %s; trying again in %s\n", method, clean(err.Error()), pause)
		}
	}
	return h, nil
}

// session gives the hub, logged in.
func (a *app) session(ctx context.Context) (*client.Hub, error) {
	h, err := a.hub()
	if err != nil {
		return nil, err
	}
	return h, a.login(ctx, h)
}

// login opens a session that ends with the command.
func (a *app) login(ctx context.Context, h *client.Hub) error {
	if err := h.Login(ctx); err != nil {
		return err
	}
	a.sessions = append(a.sessions, h)
	return nil
}

// close ends the sessions, also of a command that was interrupted. One that
// cannot be ended expires on the hub.
func (a *app) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	for _, h := range a.sessions {
		h.OnRetry = nil
		_ = h.Logout(ctx)
		h.Close()
	}
	a.sessions = nil
}

// closing makes every command below c end its sessions.
func (a *app) closing(c *cobra.Command) {
	for _, child := range c.Commands() {
		if work := child.RunE; work != nil {
			child.RunE = func(cmd *cobra.Command, args []string) error {
				defer a.close(cmd.Context())
				return work(cmd, args)
			}
		}
		a.closing(child)
	}
}

// act calls a method in a session, and says what was done by it.
func (a *app) act(ctx context.Context, said, method string, args ...any) error {
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	v, err := h.Call(ctx, method, args...)
	if err != nil {
		return err
	}
	return a.done(said, v)
}

// about says which of several things an error is of: hubs leave that out.
func about(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }

// done reports something carried out.
func (a *app) done(said string, result any) error {
	if a.json {
		return a.writeJSON(map[string]any{"done": said, "result": result})
	}
	if !a.quiet {
		fmt.Fprintln(a.Out, clean(said))
	}
	return nil
}

// color reports whether a stream may be coloured.
func (a *app) color(w io.Writer) bool {
	if a.Getenv("NO_COLOR") != "" || a.Getenv("TERM") == "dumb" {
		return false
	}
	_, _, ok := a.Size(w)
	return ok
}
