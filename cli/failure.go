package cli

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura/client"
)

// named finds the log that a failure's text speaks of.
var named = regexp.MustCompile(`\bsee ([A-Za-z0-9_][A-Za-z0-9_.+-]*\.log)\b`)

// exception is the class name that builders in Python put before their words.
var exception = regexp.MustCompile(`^(<(class|Fault) [^>]*>:? ?|[A-Za-z.]+(Error|Exception): )`)

// failureText is the failure's sentence. Of a whole Python traceback that is
// the last line.
func failureText(f *client.Failure) string {
	text := strings.TrimSpace(f.Text)
	if strings.Contains(text, "Traceback (most recent call last)") {
		lines := strings.Split(text, "\n")
		text = strings.TrimSpace(lines[len(lines)-1])
	}
	if short := exception.ReplaceAllString(text, ""); short != "" {
		text = short
	}
	return text
}

// explain finds the line that caused a failure, where the hub does not name
// it but names, or has, a log.
func explain(ctx context.Context, h *client.Hub, task int64, f *client.Failure) {
	if f.Log == "" {
		if m := named.FindStringSubmatch(f.Text); m != nil {
			f.Log = m[1]
		}
	}
	if f.Log == "" || f.Cause != "" || strings.Contains(f.Text, f.Log+" line ") {
		return // there is no log, or the text tells it all
	}
	const most = 256 << 10
	outputs, err := h.Outputs(ctx, task)
	if err != nil {
		return // it was only for a better explanation
	}
	i := slices.IndexFunc(outputs, func(o client.Output) bool { return o.Name == f.Log })
	if i < 0 {
		f.Log = ""
		return
	}
	tail, err := h.ReadOutput(ctx, task, f.Log, max(outputs[i].Size-most, 0), most)
	if err == nil {
		f.Cause = cause(tail)
	}
}

// signs are what lines look like that cause failures, the surest first.
var signs = []*regexp.Regexp{
	regexp.MustCompile(`^\S+:\d+(:\d+)?: (fatal )?error: |^\S+:\d+: undefined reference to |: No such file or directory$`),
	regexp.MustCompile(`(?i)^(fatal )?error: |^E: |: error: | ld returned [1-9]|No matching package to install|nothing provides `),
	regexp.MustCompile(`^make(\[\d+\])?: \*\*\* |^FAILED:?|^FAIL:|^Bad exit status`),
	regexp.MustCompile(`(?i)\berror\b|\bfailed\b`),
}

// cause gives the first line of a log that looks like the cause, by the surest
// sign that there is.
func cause(log []byte) string {
	lines := bytes.Split(log, []byte("\n"))
	for _, sign := range signs {
		for _, l := range lines {
			l = bytes.TrimSpace(l)
			if len(l) > 0 && len(l) < 1000 && sign.Match(l) {
				return string(l)
			}
		}
	}
	return ""
}
