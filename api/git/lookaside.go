package git

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/source"
)

// MaxSource bounds one uploaded source.
const MaxSource = 16 << 30

// Lookaside serves the cache in the form of dist-git's:
//
//	GET  /repo/pkgs/[rpms/]NAME/FILE/HASHTYPE/HASH/FILE
//	POST /repo/pkgs/upload.cgi   multipart form: name, sha512sum, then
//	                             filename (is it there?) or file (the bytes)
type Lookaside struct {
	HTTP  *HTTP
	Cache *source.Lookaside
	Blobs blob.Store
}

func (l *Lookaside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, "/repo/pkgs/")
	switch {
	case rest == "upload.cgi" && r.Method == http.MethodPost:
		l.upload(w, r)
	case rest == "upload.cgi":
		http.Error(w, "upload.cgi takes a POST of a multipart form with name, sha512sum and filename or file", http.StatusMethodNotAllowed)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		l.download(w, r, rest)
	default:
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
	}
}

func (l *Lookaside) download(w http.ResponseWriter, r *http.Request, rest string) {
	f := strings.Split(strings.TrimPrefix(rest, "rpms/"), "/")
	if len(f) != 5 || f[1] != f[4] {
		http.NotFound(w, r)
		return
	}
	s := source.Source{Package: f[0], File: f[1], Type: f[2], Hash: f[3]}
	if err := s.Check(); err != nil {
		http.NotFound(w, r)
		return
	}
	var c *file.Content
	err := l.HTTP.db.View(r.Context(), func(tx *db.Tx) (err error) {
		c, err = file.Read(r.Context(), tx, s.Path())
		return err
	})
	if err != nil {
		l.HTTP.refuse(w, r, err)
		return
	}
	body := c.Open(r.Context(), l.Blobs)
	defer body.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("ETag", `"`+s.Hash+`"`)
	http.ServeContent(w, r, "", db.Time(c.Node.MTime), body)
}

// upload reads the form as it streams: the fields that say what is coming
// must stand before the file, as dist-git's clients send them.
func (l *Lookaside) upload(w http.ResponseWriter, r *http.Request) {
	who, err := l.HTTP.login(r)
	if err == nil && !who.LoggedIn() {
		err = kura.Errorf("git.upload", kura.Unauthenticated, "log in with a certificate to upload sources")
	}
	if err != nil {
		l.HTTP.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxSource)
	form, err := r.MultipartReader()
	if err != nil {
		http.Error(w, "upload.cgi takes a multipart form: "+err.Error(), http.StatusBadRequest)
		return
	}
	var s source.Source
	for range 16 {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			http.Error(w, "read the form: "+err.Error(), http.StatusBadRequest)
			return
		}
		if part.FormName() == "file" {
			s.File = part.FileName()
			if err := l.store(w, r, who.Name, s, part, func() error { return l.mayUpload(r, s.Package) }); err != nil {
				l.HTTP.refuse(w, r, err)
			}
			return
		}
		if err := field(part, &s); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	has, err := l.Cache.Has(r.Context(), s)
	if err != nil {
		l.HTTP.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	if has {
		io.WriteString(w, "Available")
	} else {
		io.WriteString(w, "Missing")
	}
}

func field(p *multipart.Part, s *source.Source) error {
	b, err := io.ReadAll(io.LimitReader(p, 4097))
	if err != nil || len(b) > 4096 {
		return fmt.Errorf("the form's field %q is too long", p.FormName())
	}
	switch name := p.FormName(); name {
	case "name":
		s.Package = strings.TrimPrefix(string(b), "rpms/")
	case "filename":
		s.File = string(b)
	case "sha512sum", "sha256sum", "md5sum":
		s.Type, s.Hash = strings.TrimSuffix(name, "sum"), string(b)
	}
	return nil
}

func (l *Lookaside) mayUpload(r *http.Request, name string) error {
	_, err := l.HTTP.mayPush(r, name)
	return err
}

func (l *Lookaside) store(w http.ResponseWriter, r *http.Request, by string, s source.Source, body io.Reader, may func() error) error {
	if err := s.Check(); err != nil {
		return err
	}
	if err := may(); err != nil {
		return err
	}
	has, err := l.Cache.Has(r.Context(), s)
	if err != nil {
		return err
	}
	var size int64
	if has { // what was proved once need not be stored again, but it is read: the client waits for that
		size, err = io.Copy(io.Discard, body)
	} else {
		size, err = l.Cache.Store(r.Context(), s, by, body)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "File %s size %d %s %s stored OK\n", s.File, size, strings.ToUpper(s.Type), s.Hash)
	return nil
}
