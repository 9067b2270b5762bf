package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
)

// asset is an embedded file, served under a name that holds its checksum: a
// browser may keep it for ever.
type asset struct {
	name string // kura-0123abcd.css
	kind string
	body []byte
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets are the embedded files by their plain names.
func assets() map[string]asset {
	out := map[string]asset{}
	dir, err := content.ReadDir("static")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, e := range dir {
		body, err := content.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		out[e.Name()] = asset{
			name: e.Name()[:len(e.Name())-len(ext)] + "-" + hex.EncodeToString(sum[:6]) + ext,
			kind: kinds[ext], body: body,
		}
	}
	return out
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.static {
		if a.name == r.PathValue("name") {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			w.Write(a.body)
			return
		}
	}
	s.problem(w, r, http.StatusNotFound, "There is no such file.")
}
