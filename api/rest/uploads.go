package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/upload"
)

// uploadsPath is below which files are sent, which may be longer than other
// requests: the room bounds them.
const uploadsPath = Prefix + "/uploads/"

// uploadView is a file that was uploaded.
type uploadView struct {
	Path string    `json:"path" doc:"the directory and the name: what starts of builds and imports are told"`
	Size int64     `json:"size" doc:"bytes that are there: where the next piece begins"`
	Time time.Time `json:"time" doc:"when the last piece came"`
}

// InUpload names an uploaded file in a path.
type InUpload struct {
	Directory string `path:"directory" doc:"the caller's own from the first file on, like import-2026.1; a slash in it is written %2F"`
	Name      string `path:"name" doc:"the file's name"`
}

func (in *InUpload) name() upload.Name { return upload.Name{Dir: in.Directory, Name: in.Name} }

// directoryView is a directory of uploads.
type directoryView struct {
	Directory string `json:"directory"`
}

// storedView says what became of a piece.
type storedView struct {
	Path   string `json:"path" doc:"the directory and the name: what starts of builds and imports are told"`
	Size   int64  `json:"size" doc:"bytes of the whole file, as yet: where the next piece begins"`
	Offset int64  `json:"offset" doc:"where this piece begins"`
	Piece  int64  `json:"piece_size" doc:"bytes of this piece"`
	SHA256 string `json:"sha256" doc:"of this piece"`
}

// binary is a request whose body is a file's bytes.
func binary(h *huma.Operation) {
	h.RequestBody = &huma.RequestBody{Required: true, Description: "the bytes", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	h.Errors = append(h.Errors, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusInsufficientStorage)
}

func (s *Server) uploads() {
	apart(s, "put-upload", http.StatusOK, s.putUpload, binary)
	apart(s, "get-upload", http.StatusOK, s.getUpload)
	read(s, "list-uploads", func(ctx context.Context, c *call, in *Paging) (page pageOf[directoryView], err error) {
		all, err := upload.Directories(ctx, c.tx, c.by.ID)
		if err != nil {
			return page, err
		}
		name := func(n string) string { return n }
		sortBy(all, name)
		return cut(in, all, name, func(n string) directoryView { return directoryView{n} })
	})
	read(s, "list-uploaded-files", func(ctx context.Context, c *call, in *struct {
		Paging
		Directory string `path:"directory" doc:"a slash in it is written %2F"`
	}) (page pageOf[uploadView], err error) {
		all, err := upload.Files(ctx, c.tx, in.Directory)
		if err != nil {
			return page, err
		}
		name := func(n file.Node) string { return n.Name }
		sortBy(all, name)
		return cut(&in.Paging, all, name, func(n file.Node) uploadView {
			return uploadView{strings.TrimPrefix(n.Path(), "work/"), n.Size, db.Time(n.MTime)}
		})
	})
}

// putUpload takes the body as a file, or as a piece of one.
func (s *Server) putUpload(ctx context.Context, by account.Actor, in *struct {
	InUpload
	Offset int64  `query:"offset" minimum:"-1" default:"-1" doc:"where the body belongs in the file, in bytes: at its end, or it is refused. None: the body is the whole file, and takes the place of what is there. A piece has at most 256 MiB"`
	SHA256 string `query:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of the body: another one is refused"`
}) (v storedView, err error) {
	p := upload.Piece{Name: in.name(), Offset: in.Offset, Verify: "sha256"}
	if in.Offset == -1 {
		p.Offset, p.Overwrite = 0, true
	}
	if in.SHA256 != "" {
		sum, err := blob.ParseSum(in.SHA256)
		if err != nil {
			return v, err
		}
		p.Expect = &sum
	}
	done, err := s.Uploads.Put(ctx, by, p, requestOf(ctx).Body)
	if err != nil {
		return v, err
	}
	return storedView{in.Directory + "/" + in.Name, done.Whole, done.Offset, done.Size, done.Digest}, nil
}

// summedView is an uploaded file with a digest, if one was asked for.
type summedView struct {
	Path   string    `json:"path" doc:"the directory and the name"`
	Size   int64     `json:"size" doc:"bytes that are there: where the next piece begins"`
	Time   time.Time `json:"time" doc:"when the last piece came"`
	Digest string    `json:"digest,omitempty" doc:"hexadecimal"`
	Of     int64     `json:"digest_size,omitempty" doc:"of how many bytes, counted from the end"`
}

// getUpload may read the file again, so it does not keep a transaction open.
func (s *Server) getUpload(ctx context.Context, _ account.Actor, in *struct {
	InUpload
	Verify string `query:"verify" enum:"adler32,md5,sha256" doc:"the digest to give"`
	Tail   int64  `query:"tail" minimum:"0" doc:"of the last bytes only, so many; none: of the whole file"`
}) (v summedView, err error) {
	q := upload.Query{Name: in.name(), Verify: in.Verify}
	if in.Tail > 0 {
		q.Tail = &in.Tail
	}
	info, err := s.Uploads.Stat(ctx, q)
	if err == nil && info == nil {
		err = kura.Errorf("rest.upload", kura.NotFound, "No such file: %s/%s: upload it first", in.Directory, in.Name)
	}
	if err != nil {
		return v, err
	}
	return summedView{in.Directory + "/" + in.Name, info.Size, db.Time(info.MTime), info.Digest, info.SumLength}, nil
}
