package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

// logPiece is how much of a log is asked for at once.
const logPiece = 512 << 10

func newLogs(a *app) *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "logs TASK [LOG]",
		Short: "Show a task's logs, also while they grow",
		Long: "Show a log of a task.\n\n" +
			"Without LOG it is the one that tells most: of what failed, else of what runs. With\n" +
			"-f it is followed until the task ends, and without LOG so are all logs of the task\n" +
			"and of what it has started.",
		Example: "  kura logs 4711\n  kura logs -f 4711\n  kura logs 4713 root.log",
		Args:    want(1, 2, "the number of a task"),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on as the logs grow")
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := taskIDs(args[:1])
		if err != nil {
			return err
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		l := &logs{app: a, hub: h, task: ids[0], offsets: map[logFile]int64{}, ended: map[int64]bool{}}
		if len(args) > 1 {
			l.only = args[1]
		}
		if follow {
			return l.follow(ctx)
		}
		return l.one(ctx)
	}).cobra()
	return c
}

type logFile struct {
	task int64
	name string
}

// logs prints what there is, and what comes.
type logs struct {
	app     *app
	hub     *client.Hub
	task    int64
	only    string // name of the log, if one was named
	offsets map[logFile]int64
	ended   map[int64]bool // tasks whose logs have been read after their end
	current logFile        // whose text was printed last
	midline bool           // and did not end its line
}

// one prints one log as it is now.
func (l *logs) one(ctx context.Context) error {
	file := logFile{l.task, l.only}
	if l.only == "" {
		tasks, err := l.hub.Trees(ctx, l.task)
		if err != nil {
			return err
		}
		if file, err = l.choose(ctx, tasks); err != nil {
			return err
		}
		if !l.app.quiet && !l.app.json {
			fmt.Fprintf(l.app.Err, "task %d: %s\n", file.task, clean(file.name))
		}
	}
	if l.app.json {
		return l.json(ctx, file)
	}
	l.current = file
	for {
		n, err := l.piece(ctx, file, true)
		if err != nil || n == 0 {
			l.endLine()
			return err
		}
	}
}

func (l *logs) json(ctx context.Context, file logFile) error {
	var text strings.Builder
	for offset := int64(0); ; {
		p, err := l.hub.ReadOutput(ctx, file.task, file.name, offset, logPiece)
		if err != nil {
			return err
		}
		if len(p) == 0 {
			return l.app.writeJSON(map[string]any{"task": file.task, "log": file.name, "text": text.String()})
		}
		text.Write(p)
		offset += int64(len(p))
	}
}

// choose takes the task that failed by itself, else the last that runs, else
// the last; and of its logs the one that tells most.
func (l *logs) choose(ctx context.Context, tasks []client.Task) (logFile, error) {
	rank := func(t *client.Task) int {
		switch t.State {
		case client.TaskFailed:
			return 3
		case client.TaskOpen:
			return 2
		case client.TaskClosed:
			return 1
		}
		return 0
	}
	order := slices.Clone(tasks)
	slices.Reverse(order) // children before their parents
	slices.SortStableFunc(order, func(a, b client.Task) int { return rank(&b) - rank(&a) })
	for _, t := range order[:min(len(order), 50)] {
		out, err := l.hub.Outputs(ctx, t.ID)
		if err != nil {
			return logFile{}, err
		}
		if name := best(out); name != "" {
			return logFile{t.ID, name}, nil
		}
	}
	return logFile{}, kura.Errorf("cli.logs", kura.NotFound, "task %d has no logs; it is %s (with -f they are waited for)", l.task, tasks[0].State)
}

// best picks the log that tells most, by the names that builders use.
func best(out []client.Output) string {
	for _, name := range []string{"build.log", "checkout.log", "root.log"} {
		if slices.ContainsFunc(out, func(o client.Output) bool { return o.Name == name && o.Size > 0 }) {
			return name
		}
	}
	for _, o := range out {
		if strings.HasSuffix(o.Name, ".log") && o.Size > 0 {
			return o.Name
		}
	}
	return ""
}

// follow prints all logs as they grow. The state is looked at before the
// logs: what a task wrote before its end is read after it.
func (l *logs) follow(ctx context.Context) error {
	if l.app.json {
		return usagef("logs that are followed cannot be JSON: leave out -f or --json")
	}
	for {
		tasks, err := l.hub.Trees(ctx, l.task)
		if err != nil {
			return err
		}
		if l.only != "" {
			tasks = tasks[:1]
		}
		if err := l.drain(ctx, tasks); err != nil {
			return err
		}
		if state := tasks[0].State; state.Done() {
			l.endLine()
			if l.only != "" && len(l.offsets) == 0 {
				return kura.Errorf("cli.logs", kura.NotFound, "task %d ended without a log %s", l.task, l.only)
			}
			if state != client.TaskClosed {
				fmt.Fprintf(l.app.Err, "task %d %s\n", l.task, state)
				return &failedTasks{[]int64{l.task}}
			}
			return nil
		}
		if err := l.app.Sleep(ctx, 400*time.Millisecond); err != nil {
			return err
		}
	}
}

// drain prints what is new. Tasks that have nothing to say are asked only for
// a list of their files.
func (l *logs) drain(ctx context.Context, tasks []client.Task) error {
	for _, t := range tasks {
		if t.State == client.TaskFree || l.ended[t.ID] {
			continue
		}
		l.ended[t.ID] = t.State.Done()
		out, err := l.hub.Outputs(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, o := range out {
			file := logFile{t.ID, o.Name}
			if l.only != "" && o.Name != l.only || l.only == "" && !strings.HasSuffix(o.Name, ".log") {
				continue
			}
			for o.Size > l.offsets[file] {
				n, err := l.piece(ctx, file, t.State.Done())
				if err != nil {
					return err
				}
				if n == 0 {
					break
				}
			}
		}
	}
	return nil
}

// piece prints the next lines of a log, under its name if it is another one
// than before. The beginning of a line waits for its end, unless there will be
// none.
func (l *logs) piece(ctx context.Context, file logFile, final bool) (int, error) {
	p, err := l.hub.ReadOutput(ctx, file.task, file.name, l.offsets[file], logPiece)
	if err != nil {
		return 0, err
	}
	if i := bytes.LastIndexByte(p, '\n'); i >= 0 || !final && len(p) < logPiece {
		p = p[:i+1]
	}
	if len(p) == 0 {
		return 0, nil
	}
	if l.current != file && l.only == "" {
		l.endLine()
		fmt.Fprintf(l.app.Out, "==> task %d: %s <==\n", file.task, clean(file.name))
	}
	l.current = file
	l.offsets[file] += int64(len(p))
	l.midline = p[len(p)-1] != '\n'
	_, err = fmt.Fprint(l.app.Out, cleanLog(p))
	return len(p), err
}

func (l *logs) endLine() {
	if l.midline {
		fmt.Fprintln(l.app.Out)
		l.midline = false
	}
}
