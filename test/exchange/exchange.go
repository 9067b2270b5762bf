// Package exchange keeps what Koji's own client and hub said to each other, and
// what builders and daemons of Koji's would have said, to ask the same of kura:
// the requests as they are sent, and what the answers meant.
//
// The numbers of a recorded hub's objects tell what they are of: each of its
// tables counted from 10,000,000 times another factor, so no two objects of it
// have the same. Another hub's numbers are bound to them as they come.
package exchange

import (
	"bufio"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Command is a command of the client, and what was said for its sake; or a call
// that none of its commands makes.
type Command struct {
	Line  string `json:"line"` // the user, the command and its arguments
	Calls []Call `json:"calls,omitempty"`
}

// Name is the command's without its arguments. A call that no command of the
// client makes has none.
func (c *Command) Name() string {
	words := strings.Fields(c.Line)
	if words[0] == "-" || words[0][0] == '$' || words[0][0] == '@' {
		return ""
	}
	return words[1+slices.IndexFunc(words[1:], func(w string) bool { return w[0] != '-' })]
}

// Call is a request and its answer.
type Call struct {
	Session     int64    `json:"session,omitempty"`     // that speaks, where an earlier command has begun it
	Certificate string   `json:"certificate,omitempty"` // the name in the one that is shown with it
	Method      string   `json:"method,omitempty"`      // none: an upload
	Params      []Value  `json:"params,omitempty"`
	Upload      *Upload  `json:"upload,omitempty"`
	Answer      Value    `json:"answer"`
	Fault       *Problem `json:"fault,omitempty"` // in the answer's place
}

// Methods are those that a request asks for: several, if it is of many calls.
func (c *Call) Methods() []string {
	out := []string{c.Method}
	if c.Method != "multiCall" || len(c.Params) == 0 {
		return out
	}
	calls, _ := c.Params[0].V.([]any)
	for _, v := range calls {
		m, _ := v.(map[string]any)
		if name, ok := m["methodName"].(string); ok {
			out = append(out, name)
		}
	}
	return out
}

// Answered says of each of Methods whether it was answered with something else than a
// fault.
func (c *Call) Answered() []bool {
	out := []bool{c.Fault == nil}
	answers, _ := c.Answer.V.([]any)
	for i := range c.Methods()[1:] {
		ok := i < len(answers)
		if ok {
			_, ok = answers[i].([]any)
		}
		out = append(out, ok)
	}
	return out
}

// Problem is a fault.
type Problem struct {
	Code int    `json:"code"`
	Text string `json:"text"`
}

// Upload is a piece of a file.
type Upload struct {
	Query map[string]string `json:"query"` // without the session
	Body  string            `json:"body"`  // the SHA-256 of its content
}

// Version is that of the hub and the client that were recorded.
const Version = "1.35.3"

//go:embed recorded
var recorded embed.FS

// Recorded gives all that was recorded, in its order.
func Recorded() ([]Command, error) { return Before("~") }

// Before gives what was recorded in the files that come before one of that name.
func Before(file string) (out []Command, err error) {
	files, err := fs.Glob(recorded, "recorded/*.jsonl")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if name >= "recorded/"+file {
			break
		}
		f, err := recorded.Open(name)
		if err != nil {
			return nil, err
		}
		if out, err = read(out, f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

func read(out []Command, r io.Reader) ([]Command, error) {
	d := json.NewDecoder(bufio.NewReader(r))
	for {
		var c Command
		if err := d.Decode(&c); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

// Content gives the bytes of an upload.
func Content(sum string) ([]byte, error) { return recorded.ReadFile("recorded/uploads/" + sum) }
