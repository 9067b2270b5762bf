package rpm

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/kura-build/kura/worker/sandbox"
)

// lineLog is a log that remembers its lines, to say where a cause stands.
type lineLog struct {
	mu    sync.Mutex
	out   io.Writer
	lines []string
	names *strings.Replacer // words that people would not know → theirs
	part  string
}

// mostLines is how many lines a lineLog remembers.
const mostLines = 20000

func (l *lineLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.part + string(p)
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok {
			break
		}
		l.line(line)
		text = rest
	}
	l.part = text
	if len(l.part) > 1<<16 {
		l.line(l.part)
		l.part = ""
	}
	return len(p), nil
}

func (l *lineLog) line(s string) {
	if strings.HasPrefix(s, "rpm: RPM should not be used") || strings.HasPrefix(s, "rpm: However assuming") {
		return // what Debian's rpm says to people who use it on Debian itself
	}
	if l.names != nil {
		s = l.names.Replace(s)
	}
	if len(l.lines) < mostLines {
		l.lines = append(l.lines, s)
	}
	_, _ = io.WriteString(l.out, s+"\n")
}

// rename puts people's words in place of ours from now on.
func (l *lineLog) rename(r *strings.Replacer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = r
}

func (l *lineLog) printf(format string, args ...any) { _, _ = fmt.Fprintf(l, format, args...) }

// lineOf gives the number of the first line that has text in it, 0 if none.
func (l *lineLog) lineOf(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.lines {
		if text != "" && strings.Contains(s, text) {
			return i + 1
		}
	}
	return 0
}

// stopped says in a sentence why a limit ended what was going on.
func stopped(r sandbox.Reason, l sandbox.Limits, doing string) string {
	switch r {
	case sandbox.Time:
		return fmt.Sprintf("Stopped while %s: the task's time was over", doing)
	case sandbox.Silence:
		return fmt.Sprintf("Stopped while %s: it wrote nothing for %v, so it probably waits for input that never comes", doing, l.Silence)
	case sandbox.Memory:
		return fmt.Sprintf("Stopped while %s: it used more memory than its %s", doing, size(l.Memory))
	case sandbox.Processes:
		return fmt.Sprintf("Stopped while %s: it kept forking at its limit of %d processes", doing, l.Processes)
	case sandbox.Disk:
		return fmt.Sprintf("Stopped while %s: it filled its disk", doing)
	case sandbox.Canceled:
		return fmt.Sprintf("Stopped while %s: canceled", doing)
	}
	return "Stopped while " + doing
}

func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
