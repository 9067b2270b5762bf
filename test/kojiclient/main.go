// Command kojiclient runs Koji's own, unmodified client against two hubs, the same
// commands at both, and prints what they answer differently: exit status, output
// and errors, without numbers, times and addresses. One of the hubs is upstream's.
//
//	kojiclient -client PATH/cli/koji -rpms format/rpm/testdata/packages -a HUB -b HUB [commands.txt …]
//
// A HUB is a file with options of the client, one line for each of the users that
// the commands are run as:
//
//	A -c hub.conf -p hub --user admin --password secret --authtype=password
//	U -c hub.conf -p hub --user ada --password secret --authtype=password
//
// and lines that say what a word of the commands is there:
//
//	$TASK 1
//
// Both hubs begin empty, with the users kojiadmin and ada. Without a file of
// commands all that lie beside this program are run.
//
//	kojiclient -client PATH/cli/koji -rpms … -a HUB -server URL -record test/exchange/recorded
//
// runs them at one hub, upstream's, whose address is URL, and keeps what client and
// hub say to each other. Files *.calls hold calls that no command of the client makes;
// they are for recording only. Where files are named, the empty hub is first asked what
// is kept already of those that come before, so one can be recorded without the others.
// At that hub a user that a call makes has the password secret, and its directory of
// files is /mnt/koji, with vol/spare in it. Whoever stands before it takes the header
// X-Certificate for the name in a certificate of a user that was verified, as kura
// issues them to its users (CN=…,OU=user,O=kura), and web may log others in.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

//go:embed commands
var ours embed.FS

func main() {
	differ, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kojiclient:", err)
		os.Exit(2)
	}
	if differ {
		os.Exit(1)
	}
}

func run() (differ bool, err error) {
	client := flag.String("client", "koji", "Koji's client")
	rpms := flag.String("rpms", "", "directory of packages, for $RPMS in commands")
	a, b := flag.String("a", "", "the one hub"), flag.String("b", "", "the other hub")
	server, into := flag.String("server", "", "the address of the one hub"), flag.String("record", "", "a directory for what the one hub and the client say")
	flag.Parse()
	dir, err := os.MkdirTemp("", "kojiclient-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := files(dir); err != nil {
		return false, err
	}
	k := &koji{*client, map[string]string{"$RPMS": *rpms, "$FILES": dir}}
	if *into != "" {
		return false, k.record(*a, *server, *into, flag.Args())
	}
	return k.compare(*a, *b, flag.Args())
}

// koji is the client, and what words of commands stand for at every hub.
type koji struct {
	program string
	places  map[string]string
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

// compare runs commands at two hubs.
func (k *koji) compare(a, b string, files []string) (differ bool, err error) {
	one, errA := readHub(a)
	two, errB := readHub(b)
	texts, err := open(files)
	if err := errors.Join(errA, errB, err); err != nil {
		return false, err
	}
	var all []string
	for _, t := range commands(texts) {
		all = append(all, lines(t.text)...)
	}
	different := 0
	for _, c := range all {
		var answers [2]string
		var g errgroup.Group
		for i, h := range []hub{one, two} {
			g.Go(func() (err error) {
				answers[i], err = k.ask(h, c)
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
	fmt.Printf("%d of %d commands are answered differently\n", different, len(all))
	return different > 0, nil
}

// script is a file of commands.
type script struct{ name, text string }

// recorded is the name of the file with what was said for the sake of it.
func (s script) recorded() string { return strings.TrimSuffix(s.name, filepath.Ext(s.name)) + ".jsonl" }

// open gives the files that are named, or all of ours.
func open(files []string) (out []script, err error) {
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		out = append(out, script{filepath.Base(f), string(raw)})
	}
	if len(files) > 0 {
		return out, nil
	}
	entries, err := ours.ReadDir("commands")
	for _, e := range entries {
		raw, err := ours.ReadFile("commands/" + e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, script{e.Name(), string(raw)})
	}
	return out, err
}

// commands leaves out the files of calls.
func commands(all []script) []script {
	return slices.DeleteFunc(slices.Clone(all), func(s script) bool { return filepath.Ext(s.name) == callsExt })
}

// lines gives the commands of a file, each "USER COMMAND ARGUMENTS".
func lines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			out = append(out, l)
		}
	}
	return out
}

// patience is for commands that wait for what never comes, at either hub.
const patience = 5 * time.Second

// ask runs a command and gives its exit status with all that it says.
func (k *koji) ask(h hub, command string) (string, error) {
	user, rest, _ := strings.Cut(command, " ")
	options, ok := h[user]
	if !ok {
		return "", fmt.Errorf("the hub's file has no user %s", user)
	}
	for word, is := range k.places {
		rest = strings.ReplaceAll(rest, word, is)
	}
	for word, is := range h {
		if word[0] == '$' {
			rest = strings.ReplaceAll(rest, word, strings.Join(is, " "))
		}
	}
	args, err := words(rest)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.program, append(options, args...)...)
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
