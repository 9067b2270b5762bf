package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kura-build/kura/worker/sandbox"
)

// bench is one run of the program.
type bench struct {
	ctx   context.Context
	quick bool
	kura  string // the program that is measured
	dir   string // thrown away at the end

	beside     string // another hub's address, with the records of the part lists
	besidePID  int
	besideUser string // name:password
	besideCA   string // a file
	kept       string // a database's name
	call       string // a part of calls' names
	anew       bool   // nothing is left of what lists are made of
}

// part is a group of numbers that are measured together.
type part struct {
	name, what string
	run        func(*bench) error
	asked      bool // takes so long that it is done only where it is named
}

var parts = []part{
	{"lease", "a task's way to one of 100 connected builders, behind 1,000 that none of them may take", (*bench).lease, false},
	{"calls", "calls of the interface for Koji's clients, over HTTPS", (*bench).calls, false},
	{"lists", "what is asked of a tag of 5,000 builds and 20,000 rpms, and of one above it, over HTTPS", (*bench).lists, false},
	{"sign", "signatures", (*bench).sign, false},
	{"repo", "a repository of synthetic packages", (*bench).repo, false},
	{"metadata", "repositories of 70,000 packages, kura createrepo and mergerepo beside createrepo_c and mergerepo_c", (*bench).metadata, false},
	{"large", "a build's way into the private repository of 70,000 rpms", (*bench).large, false},
	{"farm", "everyday calls to a hub with the records of a tenth of a large farm: 300,000 builds, 15 million tasks (PostgreSQL only)", (*bench).farm, true},
	{"roots", "clean roots: from a task's assignment to its rpmbuild running", (*bench).roots, false},
}

func main() {
	sandbox.Init()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	b := &bench{}
	flag.BoolVar(&b.quick, "quick", false, "fewer turns")
	only := flag.String("only", "", "parts to measure, with commas between, instead of all but farm: "+names())
	flag.StringVar(&b.kura, "kura", "", "the program to measure; built from the sources if it is not named")
	flag.StringVar(&b.beside, "beside", "", "the address of another hub, with tags bench and bench-c1 to bench-c10 and the builds of the part lists: measured in turn with this one")
	flag.StringVar(&b.besideUser, "beside-user", "", "name:password of somebody there, for what is asked in a session")
	flag.StringVar(&b.besideCA, "beside-ca", "", "who answers for its certificate, if it is asked over HTTPS as this one is")
	flag.IntVar(&b.besidePID, "beside-pid", 0, "its process, whose children count too")
	where := flag.String("dir", "/var/tmp", "a directory on the disk that is to be measured")
	flag.StringVar(&b.kept, "farm", "", "a database of the PostgreSQL server for the part farm, which fills it if it is new, and keeps it")
	flag.BoolVar(&b.anew, "anew", false, "calls of the part farm after an alteration each, so that parts of lists are made anew too, not only lists")
	flag.StringVar(&b.call, "call", "", "of the calls of the parts lists and farm, only those with this in their names")
	flag.Parse()
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.ctx = ctx
	if b.dir, err = os.MkdirTemp(*where, "kura-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := os.Chmod(b.dir, 0o711); err != nil { // sandboxes go through it as nobody
		return err
	}
	fmt.Printf("# %d processors, %s, load %s\n", runtime.NumCPU(), runtime.Version(), load())
	for _, p := range chosen {
		began := time.Now()
		fmt.Printf("\n# %s\n", p.what)
		if err := p.run(b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Printf("# %s took %.0f s; load %s\n", p.name, time.Since(began).Seconds(), load())
	}
	return nil
}

func names() string {
	var s []string
	for _, p := range parts {
		s = append(s, p.name)
	}
	return strings.Join(s, ",")
}

func choose(only string) ([]part, error) {
	var list []part
	if only == "" {
		for _, p := range parts {
			if !p.asked {
				list = append(list, p)
			}
		}
		return list, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q: there are %s", name, names())
		}
		list = append(list, parts[i])
	}
	return list, nil
}

// load is the machine's, over one minute: who reads a number should know it.
func load() string {
	data, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// say prints a number.
func say(name string, value float64, unit, compared string) {
	text := fmt.Sprintf("%.4g", value)
	if value >= 1000 {
		text = fmt.Sprintf("%.0f", value)
	}
	if compared != "" {
		compared = "  (" + compared + ")"
	}
	fmt.Printf("%-58s %9s %-3s%s\n", name, text, unit, compared)
}

// quantile gives the value that the part q of all does not exceed.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[max(int(math.Ceil(q*float64(len(all))))-1, 0)]
}

func seconds(d time.Duration) float64 { return d.Seconds() }
func millis(d time.Duration) float64  { return float64(d.Microseconds()) / 1000 }

// turns is how often something is done: full times, or quick.
func (b *bench) turns(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}
