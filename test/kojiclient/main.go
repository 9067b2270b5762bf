// Command kojiclient runs Koji's own, unmodified client against two hubs, the same
// commands at both, and prints what they answer differently: exit status, output
// and errors, without numbers, times and addresses. One of the hubs is upstream's.
//
//	kojiclient -client PATH/cli/koji -rpms DIR -a HUB -b HUB [commands.txt …]
//
// A HUB is a file with options of the client, one line for each of the users that
// the commands are run as:
//
//	A -c hub.conf -p hub --user admin --password secret --authtype=password
//	U -c hub.conf -p hub --user ada --password secret --authtype=password
//
// Both hubs begin empty, with the users kojiadmin and ada. Without a file of
// commands all that lie beside this program are run.
package main

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

//go:embed commands
var ours embed.FS

func main() {
	client := flag.String("client", "koji", "Koji's client")
	rpms := flag.String("rpms", "", "directory of packages, for $RPMS in commands")
	a, b := flag.String("a", "", "the one hub"), flag.String("b", "", "the other hub")
	flag.Parse()
	differ, err := run(*client, *rpms, *a, *b, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "kojiclient:", err)
		os.Exit(2)
	}
	if differ {
		os.Exit(1)
	}
}

// hub is where commands go: the client's options for each user.
type hub map[string][]string

func readHub(file string) (hub, error) {
	raw, err := os.ReadFile(file)
	h := hub{}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 0 {
			h[f[0]] = f[1:]
		}
	}
	return h, err
}

func run(client, rpms, a, b string, files []string) (differ bool, err error) {
	one, errA := readHub(a)
	two, errB := readHub(b)
	commands, err := read(files)
	if err := errors.Join(errA, errB, err); err != nil {
		return false, err
	}
	different := 0
	for _, c := range commands {
		var answers [2]string
		var g errgroup.Group
		for i, h := range []hub{one, two} {
			g.Go(func() (err error) {
				answers[i], err = ask(client, h, c, rpms)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return false, fmt.Errorf("%s: %w", c, err)
		}
		if diff := cmp.Diff(strings.Split(answers[0], "\n"), strings.Split(answers[1], "\n")); diff != "" {
			different++
			fmt.Printf("%s (-%s +%s)\n%s\n", c, a, b, diff)
		}
	}
	fmt.Printf("%d of %d commands are answered differently\n", different, len(commands))
	return different > 0, nil
}

// read gives the commands, each "USER COMMAND ARGUMENTS".
func read(files []string) (out []string, err error) {
	var texts []string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(raw))
	}
	if files == nil {
		entries, err := ours.ReadDir("commands")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			raw, err := ours.ReadFile("commands/" + e.Name())
			if err != nil {
				return nil, err
			}
			texts = append(texts, string(raw))
		}
	}
	lines := bufio.NewScanner(strings.NewReader(strings.Join(texts, "\n")))
	for lines.Scan() {
		if l := strings.TrimSpace(lines.Text()); l != "" && l[0] != '#' {
			out = append(out, l)
		}
	}
	return out, lines.Err()
}

// patience is for commands that wait for what never comes, at either hub.
const patience = 20 * time.Second

// ask runs a command and gives its exit status with all that it says.
func ask(client string, h hub, command, rpms string) (string, error) {
	user, rest, _ := strings.Cut(command, " ")
	options, ok := h[user]
	if !ok {
		return "", fmt.Errorf("the hub's file has no user %s", user)
	}
	args, err := words(strings.ReplaceAll(rest, "$RPMS", rpms))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, client, append(options, args...)...)
	var said, complained strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &complained
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	status := fmt.Sprint("exit status ", cmd.ProcessState.ExitCode())
	if ctx.Err() != nil {
		status = "goes on"
	}
	return plain(said.String()+complained.String()) + status, nil
}

// words divides a command line at blanks outside of quotes.
func words(line string) (out []string, err error) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == ' ':
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed: %s", line)
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}

// What differs between any two hubs, and what stands for it.
var differences = []struct {
	what *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d)?`), "TIME"},
	{regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [^\n]*?\d{4}( UTC)?`), "TIME"},
	{regexp.MustCompile(`https?://[a-z0-9.:-]+`), "HUB"},
	{regexp.MustCompile(`\b\d+\b`), "#"},
	{regexp.MustCompile(`  +`), " "},
	{regexp.MustCompile(`-{5,}`), "-----"},
}

func plain(s string) string {
	for _, d := range differences {
		s = d.what.ReplaceAllString(s, d.is)
	}
	return s
}
