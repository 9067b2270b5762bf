package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/adler32"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/test/exchange"
)

// Files whose names end so hold calls, for what no command of Koji's client asks:
// its builders and daemons. A line is
//
//	WHO METHOD ARGUMENTS
//	WHO $name = METHOD ARGUMENTS
//
// WHO is the name of an answer that began a session, or - for nobody, or @NAME for
// nobody who shows a certificate of that name; a session begun so shows it, too. An argument is
// JSON, or a text if it is none; name=… is one by its name. $name stands for an answer,
// $name.0.id for a part of it, $name.dir for the directory of uploads of the task with
// that number; response:… and fault:CODE:TEXT for what builders send about the end of a
// task. The method upload takes a directory, a name and a file, and looks whether it came.
const callsExt = ".calls"

// calling is a run of such a file.
type calling struct {
	server string
	files  string // a directory
	who    map[string]*caller
	values map[string]any
}

func (k *koji) calling(server string) *calling {
	return &calling{server, k.places["$FILES"], map[string]*caller{"-": {server: server}}, map[string]any{}}
}

// line makes the call of a line. A fault is an answer like another.
func (r *calling) line(text string) error {
	all, err := words(text)
	if err != nil {
		return err
	}
	if len(all) < 2 {
		return errors.New("a line is WHO METHOD ARGUMENTS")
	}
	speaks, ok := r.who[all[0]]
	if name, shows := strings.CutPrefix(all[0], "@"); shows {
		speaks, ok = &caller{server: r.server, certificate: name}, true
	}
	if !ok {
		return fmt.Errorf("%s has begun no session", all[0])
	}
	into, rest := "", all[1:]
	if len(rest) > 2 && rest[1] == "=" {
		into, rest = rest[0], rest[2:]
	}
	params, err := r.params(rest[1:])
	if err != nil {
		return err
	}
	var answer any
	if rest[0] == "upload" {
		answer, err = r.upload(speaks, params)
	} else {
		answer, err = speaks.call(rest[0], params...)
	}
	var f *xmlrpc.Fault
	if errors.As(err, &f) && into == "" {
		return nil
	}
	if err != nil {
		return err
	}
	if id, key, ok := begun(rest[0], answer); ok {
		r.who[into] = &caller{server: r.server, id: id, key: key, certificate: speaks.certificate}
	}
	if into != "" {
		r.values[into] = answer
	}
	return nil
}

func (r *calling) upload(speaks *caller, params []any) (any, error) {
	if len(params) != 3 {
		return nil, errors.New("an upload is of a directory, a name and a file")
	}
	dir, name := fmt.Sprint(params[0]), fmt.Sprint(params[1])
	content, err := os.ReadFile(filepath.Join(r.files, fmt.Sprint(params[2])))
	if err != nil {
		return nil, err
	}
	q := url.Values{"filepath": {dir}, "filename": {name}, "fileverify": {"adler32"}, "offset": {"0"}, "overwrite": {"1"}}
	answer, err := speaks.upload(q, content)
	if err != nil {
		return nil, err
	}
	if m, _ := answer.(map[string]any); m["hexdigest"] != fmt.Sprintf("%08x", adler32.Checksum(content)) {
		return nil, fmt.Errorf("the hub says of the upload: %v", answer)
	}
	return speaks.call("checkUpload", dir, name)
}

var (
	nameIn  = regexp.MustCompile(`\$[a-z]+[0-9]*(\.[a-z0-9_-]+)*`)
	keyword = regexp.MustCompile(`^([A-Za-z_]+)=(.*)$`)
)

func (r *calling) params(args []string) (out []any, err error) {
	named := map[string]any{}
	for _, text := range args {
		name := ""
		if m := keyword.FindStringSubmatch(text); m != nil {
			name, text = m[1], m[2]
		}
		v, err := r.value(text)
		if err != nil {
			return nil, err
		}
		if name == "" {
			out = append(out, v)
		} else {
			named[name] = v
		}
	}
	if len(named) > 0 {
		named["__starstar"] = true
		out = append(out, named)
	}
	return out, nil
}

func (r *calling) value(text string) (v any, err error) {
	text = nameIn.ReplaceAllStringFunc(text, func(name string) string {
		s, e := r.answer(name)
		err = errors.Join(err, e)
		return s
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if rest, ok := strings.CutPrefix(text, "response:"); ok {
		if v, err = r.value(rest); err == nil {
			err = xmlrpc.EncodeResponse(&b, v)
		}
		return b.String(), err
	}
	if rest, ok := strings.CutPrefix(text, "fault:"); ok {
		code, said, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(code)
		if err == nil {
			err = xmlrpc.EncodeFault(&b, &xmlrpc.Fault{Code: n, String: said})
		}
		return b.String(), err
	}
	var read exchange.Value
	if json.Unmarshal([]byte(text), &read) != nil {
		return text, nil
	}
	return read.V, nil
}

// answer is what $name or a part of it stands for, as text.
func (r *calling) answer(name string) (string, error) {
	parts := strings.Split(name, ".")
	v, ok := r.values[parts[0]]
	if !ok {
		return "", fmt.Errorf("%s was not answered", parts[0])
	}
	for _, p := range parts[1:] {
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[p]
		case []any:
			i, err := strconv.Atoi(p)
			if ok = err == nil && i < len(in); ok {
				v = in[i]
			}
		case int64:
			if ok = p == "dir"; ok {
				v = fmt.Sprintf("tasks/%d/%d", in%10000, in)
			}
		default:
			ok = false
		}
		if !ok {
			return "", fmt.Errorf("%s: no %s", name, p)
		}
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	text, err := json.Marshal(exchange.Value{V: v})
	return string(text), err
}
