package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// address is the variable that tests read.
const address = "KURA_TEST_POSTGRES"

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: postgres [-dir DIRECTORY] -- COMMAND [ARGUMENT...]: runs the command with a throw-away PostgreSQL in "+address)
		flag.PrintDefaults()
	}
	dir := flag.String("dir", "", "where the server's data lie and stay, for what took long to make: the next run with it finds them")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	// The kernel tells the server of the death of the thread that started it,
	// not of the process: so main keeps its thread.
	runtime.LockOSThread()
	err := run(*dir, flag.Args())
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode()) // the command has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, "test/postgres:", err)
		os.Exit(1)
	}
}

func run(dir string, argv []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s, err := start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), address+"="+s.url())
	// Asked, not killed, also when this program is: go test then stops its own
	// children.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd.Run()
}
