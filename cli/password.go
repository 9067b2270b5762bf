package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kura-build/kura/client"
)

// maxSecret bounds what is read for a password.
const maxSecret = 4096

func newUserPassword(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "password [USER]",
		Short: "Change a password",
		Long: "Change your password, or as an administrator somebody else's. It is asked for on a\n" +
			"terminal, where it is not shown, or else read as a line from standard input.",
		Example: "  kura user password\n  kura user password ann < new-password",
		Args:    want(0, 1, "at most a user"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		whose, kw := "your password", client.Keywords{}
		if len(args) > 0 {
			whose, kw["user"] = "the password of "+args[0], client.Ref(args[0])
		}
		password, err := a.newSecret(whose)
		if err != nil {
			return err
		}
		return a.act(ctx, "changed "+whose, "kura.setPassword", password, kw)
	}).cobra()
	return c
}

// newSecret reads a new password: twice from a terminal, where typing cannot
// be seen.
func (a *app) newSecret(whose string) (string, error) {
	ask := a.Hidden
	first, typed, err := ask("New value of " + whose + ": ")
	if err != nil {
		return "", usagef("read %s: %w", whose, err)
	}
	if !typed {
		r := bufio.NewReader(io.LimitReader(a.In, maxSecret+1))
		line, err := r.ReadString('\n')
		if err != nil && err != io.EOF {
			return "", usagef("read %s from standard input: %w", whose, err)
		}
		if len(line) > maxSecret {
			return "", usagef("%s on standard input is longer than %d bytes", whose, maxSecret)
		}
		first = strings.TrimRight(line, "\r\n")
	}
	if first == "" {
		return "", usagef("no password was given: %s stays as it is", whose)
	}
	if !typed {
		return first, nil
	}
	second, _, err := ask("Again: ")
	if err != nil {
		return "", usagef("read %s: %w", whose, err)
	}
	if first != second {
		return "", usagef("the two are not the same: %s stays as it is", whose)
	}
	return first, nil
}

// hidden asks on a terminal without showing what is typed; false if in is none.
func hidden(in io.Reader, prompts io.Writer) func(string) (string, bool, error) {
	return func(prompt string) (string, bool, error) {
		f, ok := in.(*os.File)
		if !ok || !term.IsTerminal(int(f.Fd())) {
			return "", false, nil
		}
		fmt.Fprint(prompts, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(prompts)
		return string(b), true, err
	}
}
