package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/task"
)

// pages are the parsed templates, each with the layout round it.
type pages struct {
	byName map[string]*template.Template
}

// shown is what the layout gets.
type shown struct {
	Page, Path string
	Version    string
	Name       string // of the installation
	Data       any
}

func parsePages(static map[string]asset, files, name string) *pages {
	funcs := template.FuncMap{
		"asset": func(n string) string { return "/static/" + static[n].name },
		"file": func(parts ...string) string {
			return files + "/" + escapePath(strings.TrimPrefix(path.Join(parts...), "/"))
		},
		"seg":    url.PathEscape,
		"time":   stamp,
		"since":  since,
		"took":   took,
		"tstate": taskState,
		"bstate": buildState,
		"bytes":  size,
		"str":    deref[string],
		"num":    deref[int64],
		"yesno":  func(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] },
		"title":  title,
		"pretty": pretty,
		"org":    func() string { return name },
	}
	base := template.Must(template.New("layout").Funcs(funcs).ParseFS(content, "templates/layout.html", "templates/parts.html"))
	p := &pages{byName: map[string]*template.Template{}}
	names, err := fs.Glob(content, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, n := range names {
		key := strings.TrimSuffix(path.Base(n), ".html")
		if key == "layout" || key == "parts" {
			continue
		}
		p.byName[key] = template.Must(template.Must(base.Clone()).ParseFS(content, n))
	}
	return p
}

func (p *pages) render(w io.Writer, name, at string, data any) error {
	t, ok := p.byName[name]
	if !ok {
		return fmt.Errorf("no template %s", name)
	}
	return t.ExecuteTemplate(w, "layout.html", shown{Page: name, Path: at, Version: kura.Version, Data: data})
}

func escapePath(p string) string { return (&url.URL{Path: p}).EscapedPath() }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// micros takes the times that rooms give: int64 or *int64, microseconds.
func micros(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case *int64:
		return deref(v)
	}
	return 0
}

// moment is a time as a page shows it.
type moment struct{ Machine, Text string }

func stamp(v any) moment {
	m := micros(v)
	if m == 0 {
		return moment{Text: "–"}
	}
	t := time.UnixMicro(m).UTC()
	return moment{t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05")}
}

// since says how long ago a time was, or how long lies between two.
func since(v any) string {
	m := micros(v)
	if m == 0 {
		return "never"
	}
	return duration(time.Since(time.UnixMicro(m))) + " ago"
}

// took is how long a task ran: until now if it still does.
func took(start, end any) string {
	a, b := micros(start), micros(end)
	if a == 0 {
		return "–"
	}
	if b == 0 {
		b = time.Now().UnixMicro()
	}
	return duration(time.Duration(b-a) * time.Microsecond)
}

func duration(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// badge is a state as a word, a sign and a colour's class: never by colour
// alone.
type badge struct {
	Word  string `json:"word"`
	Sign  string `json:"sign"`
	Class string `json:"class"`
}

func taskState(s task.State) badge {
	switch s {
	case task.Free:
		return badge{"free", "○", "wait"}
	case task.Assigned:
		return badge{"assigned", "◔", "wait"}
	case task.Open:
		return badge{"open", "●", "run"}
	case task.Closed:
		return badge{"closed", "✓", "good"}
	case task.Canceled:
		return badge{"canceled", "–", "off"}
	case task.Failed:
		return badge{"failed", "✗", "bad"}
	}
	return badge{"unknown", "?", "off"}
}

func buildState(s build.State) badge {
	switch s {
	case build.Building:
		return badge{"building", "●", "run"}
	case build.Complete:
		return badge{"complete", "✓", "good"}
	case build.Deleted:
		return badge{"deleted", "–", "off"}
	case build.Failed:
		return badge{"failed", "✗", "bad"}
	case build.Canceled:
		return badge{"canceled", "–", "off"}
	}
	return badge{"unknown", "?", "off"}
}

// title says in a line what a task is about: its texts among the parameters,
// without the paths before them.
func title(t *task.Task) string {
	var params []any
	dec := json.NewDecoder(bytes.NewReader(t.Request))
	if dec.Decode(&params) != nil {
		return ""
	}
	var out []string
	for _, p := range params {
		switch v := p.(type) {
		case string:
			if strings.Contains(v, "/") {
				v = path.Base(strings.TrimRight(v, "/"))
			}
			if v != "" {
				out = append(out, v)
			}
		case []any:
			for _, w := range v {
				if w, ok := w.(string); ok {
					out = append(out, path.Base(w))
				}
			}
		}
		if len(out) >= 3 {
			break
		}
	}
	return short(strings.Join(out, ", "), 120)
}

func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// pretty sets JSON on lines of its own; what is none stays as it is.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return short(b.String(), 20_000)
}
