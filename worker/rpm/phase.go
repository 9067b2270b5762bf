package rpm

import (
	"regexp"
	"strings"
)

// reader follows what rpmbuild writes: which section runs, and for each the
// first line that may have caused a failure.
type reader struct {
	onPhase func(string)
	section string // prep, build, install…; "" before the first
	line    int
	part    []byte
	best    map[string]cause // by section
	last    string           // the last line that says anything
	summary bool             // rpmbuild is summing up: it only repeats
	more    bool             // the next line belongs to the cause
}

type cause struct {
	text string
	line int
	rank int
}

// mostOfLine is how much of a line is looked at.
const mostOfLine = 2000

var executing = regexp.MustCompile(`^Executing\(%([a-z_]+)\): `)

// clues are what failures begin with, the surest first. Within a rank the
// first line counts: later ones follow from it.
var clues = [][]*regexp.Regexp{
	patterns(`(^|[^ ]): (fatal )?error: `, `^configure: error: `, `: undefined reference to `, `^CMake Error`, `^[\w./-]+:\d+:(\d+:)? ERROR: `,
		`^([A-Za-z_]+\.)*[A-Z]\w*(Error|Exception|NotFound): `, `No space left on device`, `Cannot allocate memory`,
		`Resource temporarily unavailable`, `^error: (?:.*)(File|Directory) not found`, `Installed \(but unpackaged\) file\(s\) found`,
		`Hunk #\d+ FAILED`, `can't find file to patch`, `^error(\[E\d+\])?: (could not|cannot|failed|unresolved|mismatched)`, `^panic: `),
	patterns(`: No such file or directory$`, `: (command )?not found$`, `: Permission denied$`, `^(FAIL|FAILED|ERROR|not ok)\b`, `Segmentation fault`, `\bKilled\b`,
		`^\s*(File|Directory) not found`, `: cannot (stat|open|find|create)`, `^error: `, `^ERROR `, `Assertion .* failed`),
	patterns(`^(g|b)?make(\[\d+\])?: \*\*\* `, `^ninja: (build stopped|error)`, `(?i)\berror\b.*:`),
}

// followers never caused anything: they report what came before.
var followers = patterns(`^error: Bad exit status from `, `^\s+Bad exit status from `, `^error: .*\.log$`)

func patterns(list ...string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range list {
		out = append(out, regexp.MustCompile(p))
	}
	return out
}

func newReader(onPhase func(string)) *reader {
	return &reader{onPhase: onPhase, best: map[string]cause{}}
}

func (r *reader) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := strings.IndexByte(string(p), '\n')
		if i < 0 {
			r.keep(p)
			break
		}
		r.keep(p[:i])
		r.take(string(r.part))
		r.part = r.part[:0]
		p = p[i+1:]
	}
	return n, nil
}

func (r *reader) keep(p []byte) {
	if room := mostOfLine - len(r.part); room > 0 {
		r.part = append(r.part, p[:min(room, len(p))]...)
	}
}

func (r *reader) take(s string) {
	r.line++
	s = strings.TrimRight(plainText(s), " \t\r")
	if s == "" || r.summary {
		return
	}
	if r.more {
		c := r.best[r.section]
		c.text += " " + strings.TrimSpace(s)
		r.best[r.section], r.more = c, false
	}
	switch m := executing.FindStringSubmatch(s); {
	case m != nil:
		r.enter(m[1])
		return
	case strings.HasPrefix(s, "Processing files: ") && r.section != "package":
		r.enter("package")
		return
	case s == "RPM build warnings:" || s == "RPM build errors:":
		r.summary = true
		return
	case s == "++ jobs -p" || strings.HasPrefix(s, "+ RPM_EC=") || s == "+ exit 1" || matches(followers, s):
		return // the end of each section's script, whatever it did
	}
	r.last = strings.TrimSpace(s)
	old, had := r.best[r.section]
	for rank, list := range clues {
		if had && rank >= old.rank {
			return
		}
		if matches(list, s) {
			r.best[r.section] = cause{strings.TrimSpace(s), r.line, rank}
			r.more = strings.HasSuffix(s, "file(s) found:")
			return
		}
	}
}

func (r *reader) enter(section string) {
	r.section = section
	if r.onPhase != nil {
		r.onPhase(phaseOf(section))
	}
}

func matches(list []*regexp.Regexp, s string) bool {
	for _, p := range list {
		if p.MatchString(s) {
			return true
		}
	}
	return false
}

// phaseOf is a section in the words of tasks.
func phaseOf(section string) string {
	switch section {
	case "prep", "build", "install", "check", "package":
		return section
	case "conf":
		return "build"
	case "generate_buildrequires":
		return "buildroot"
	case "":
		return "source"
	}
	return "package" // clean, rmbuild: after everything
}

// failure says where and why it failed.
func (r *reader) failure(log, what string) *Failure {
	section := r.section
	c, ok := r.best[section]
	if section == "package" && !ok { // rpm finds unpackaged files before it says "Processing"
		c, ok = r.best["install"]
	}
	name := "%" + section
	switch section {
	case "package":
		name = "Packaging"
	case "":
		name = "Reading the spec file"
	}
	f := &Failure{Phase: phaseOf(section), Log: log}
	switch {
	case ok:
		f.Cause, f.Line = c.text, c.line
		f.Message = name + " of " + what + " failed: " + c.text
	case r.last != "":
		f.Cause, f.Line = r.last, r.line
		f.Message = name + " of " + what + " failed; the last it did was: " + strings.TrimPrefix(r.last, "+ ")
	default:
		f.Message = name + " of " + what + " failed without a word"
	}
	return f
}

// escapes are the sequences by which programs colour their words.
var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)")

// plainText leaves what can be read.
func plainText(s string) string {
	s = escapes.ReplaceAllString(strings.ToValidUTF8(s, "?"), "")
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' || c == 0x7f {
			return -1
		}
		return c
	}, s)
}
