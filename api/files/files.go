package files

import (
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
)

// tops are the directories of the tree that are shown; others (the lookaside
// cache, which has its own way in) are not.
var tops = []string{"packages", "repos", "repos-dist", "work", "scratch", "vol"}

// Handler serves the tree below a prefix such as /kojifiles.
type Handler struct {
	DB     *db.DB
	Blobs  blob.Store
	Prefix string
	Log    *slog.Logger
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the tree is read with GET", http.StatusMethodNotAllowed)
		return
	}
	p := strings.Trim(strings.TrimPrefix(r.URL.Path, h.Prefix), "/")
	if p != "" {
		top, _, _ := strings.Cut(p, "/")
		if !slices.Contains(tops, top) || file.Check(p) != nil {
			http.NotFound(w, r)
			return
		}
	}
	var node file.Node
	var list []file.Node
	var c *file.Content
	err := h.DB.View(r.Context(), func(tx *db.Tx) (err error) {
		node, err = file.Stat(r.Context(), tx, p)
		if kura.Is(err, kura.NotFound) {
			if p, err = repo.Earlier(r.Context(), tx, p); err == nil {
				node, err = file.Stat(r.Context(), tx, p)
			}
		}
		if err != nil {
			return err
		}
		if node.Kind == file.Dir {
			list, err = file.List(r.Context(), tx, p)
		} else {
			c, err = file.Read(r.Context(), tx, p)
		}
		return err
	})
	switch {
	case kura.Is(err, kura.NotFound):
		http.NotFound(w, r)
	case kura.Is(err, kura.Invalid):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		h.Log.Error("kojifiles", "path", p, "err", err, "trace", kura.Trace(err))
		http.Error(w, "the tree cannot be read at the moment", http.StatusServiceUnavailable)
	case node.Kind == file.Dir && !strings.HasSuffix(r.URL.Path, "/"):
		http.Redirect(w, r, h.Prefix+"/"+strings.TrimSuffix(p+"/", "//"), http.StatusMovedPermanently)
	case node.Kind == file.Dir:
		h.list(w, p, list)
	default:
		h.send(w, r, p, c)
	}
}

// send answers with a file's bytes. Logs and lists are text for a browser,
// all else is a download; nothing is ever a page or a script.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, p string, c *file.Content) {
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	head.Set("Content-Type", contentType(p))
	if c.Node.Fixed() {
		head.Set("ETag", `"`+c.Node.Sum.String()+`"`)
	} else {
		head.Set("Cache-Control", "no-store") // it grows
	}
	body := c.Open(r.Context(), h.Blobs)
	defer body.Close()
	http.ServeContent(w, r, "", db.Time(c.Node.MTime), body)
}

func contentType(p string) string {
	switch path.Ext(p) {
	case ".log", ".txt", ".json", ".jsonl", ".spec", ".repo", ".asc":
		return "text/plain; charset=utf-8"
	case ".xml":
		return "text/xml"
	case ".rpm":
		return "application/x-rpm"
	case ".gz":
		return "application/gzip"
	case ".zst":
		return "application/zstd"
	}
	switch path.Base(p) {
	case "pkglist", "blocklist":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// listing has the form that download tools and people know from web servers.
var listing = template.Must(template.New("listing").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Index of /{{.Path}}</title></head>
<body><h1>Index of /{{.Path}}</h1><table>
<tr><th>Name</th><th>Last modified</th><th>Size</th></tr>
{{if .Path}}<tr><td><a href="../">../</a></td><td></td><td></td></tr>
{{end}}{{range .Rows}}<tr><td><a href="{{.Ref}}">{{.Name}}</a></td><td>{{.Time}}</td><td>{{.Size}}</td></tr>
{{end}}</table></body></html>
`))

type row struct{ Name, Ref, Time, Size string }

func (h *Handler) list(w http.ResponseWriter, p string, nodes []file.Node) {
	rows := make([]row, 0, len(nodes))
	for _, n := range nodes {
		if p == "" && !slices.Contains(tops, n.Name) {
			continue
		}
		v := row{Name: n.Name, Ref: "./" + n.Name, Time: db.Time(n.MTime).Format("2006-01-02 15:04"), Size: fmt.Sprint(n.Size)}
		switch n.Kind {
		case file.Dir:
			v.Name, v.Ref, v.Size = v.Name+"/", v.Ref+"/", ""
		case file.Link:
			v.Name, v.Ref, v.Size = v.Name+"/", v.Ref+"/", "→ "+n.Target
		}
		rows = append(rows, v)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := listing.Execute(w, map[string]any{"Path": p, "Rows": rows}); err != nil {
		h.Log.Debug("listing", "path", p, "err", err)
	}
}
