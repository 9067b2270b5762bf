package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/kura-build/kura/test/distro"
)

func main() {
	o := distro.Options{Log: os.Stderr}
	flag.StringVar(&o.Out, "out", "", "directory of the repository")
	flag.StringVar(&o.Cache, "cache", "", "directory of what is kept between runs (default: in the user's cache)")
	flag.StringVar(&o.Arch, "arch", "amd64", "architecture, by Debian's name")
	flag.BoolVar(&o.Full, "full", false, "also cmake, meson, Python, git and more libraries")
	flag.BoolVar(&o.Refresh, "refresh", false, "ask the archive for newer packages")
	flag.IntVar(&o.Jobs, "jobs", 0, "conversions at a time (default: one for each processor)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := distro.Make(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "mkdistro:", err)
		os.Exit(1)
	}
}
