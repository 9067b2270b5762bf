package koji

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/upload"
)

// Uploads is what the front needs of the room that keeps files which clients
// and builders send, before they become parts of builds: hub/upload.
type Uploads interface {
	// Put stores one piece. It decides whether the actor may write there, and
	// what the names mean; it never makes a path of them. It fails with Locked
	// while another piece of the same file is being written.
	Put(ctx context.Context, a account.Actor, p upload.Piece, body io.Reader) (upload.Stored, error)
	// Stat gives what is known of an uploaded file, nil if there is none.
	Stat(ctx context.Context, q upload.Query) (*upload.Info, error)
}

// rawUpload takes the body as one piece of a file; what it is stands in the
// query. Clients repeat a piece when an answer gets lost, under the same call
// number: writing it twice does no harm, so no number is used up.
func (s *Server) rawUpload(ctx context.Context, q *request, out *reply) (err error) {
	if s.Uploads == nil {
		return fault(genericError, "Invalid method: upload")
	}
	if q.cred, err = readCredentials(q.http, q.remote); err != nil {
		return err
	}
	actor, err := s.whoApart(ctx, q)
	if err != nil {
		return err
	}
	if err := s.admit("upload", actor); err != nil {
		return err
	}
	if !actor.LoggedIn() {
		return fault(actionNotAllowed, "you must be logged-in to upload a file")
	}
	p, err := parsePiece(q.http.URL.RawQuery)
	if err != nil {
		return err
	}
	done, err := s.Uploads.Put(ctx, actor, p, q.http.Body)
	if err != nil {
		return err
	}
	answer := xmlrpc.Struct{
		{Name: "size", Value: done.Size},
		{Name: "fileverify", Value: p.Verify},
		{Name: "offset", Value: done.Offset},
	}
	if p.Verify != "" {
		answer = append(answer, xmlrpc.Member{Name: "hexdigest", Value: done.Digest})
	}
	return xmlrpc.EncodeResponse(out, answer)
}

func parsePiece(query string) (upload.Piece, error) {
	const op = "koji.upload"
	v, err := url.ParseQuery(query)
	if err != nil {
		return upload.Piece{}, kura.Errorf(op, kura.Invalid, "malformed upload parameters: %w", err)
	}
	p := upload.Piece{
		Name:      upload.Name{Dir: v.Get("filepath"), Name: v.Get("filename"), Volume: volume(v.Get("volume"))},
		Overwrite: v.Get("overwrite") != "",
		Verify:    v.Get("fileverify"),
	}
	if p.Name.Name == "" {
		return p, kura.Errorf(op, kura.Invalid, "an upload needs a filename")
	}
	if text := v.Get("offset"); text != "" {
		if p.Offset, err = strconv.ParseInt(text, 10, 64); err != nil || p.Offset < -1 {
			return p, kura.Errorf(op, kura.Invalid, "upload of %s: invalid offset %q", p.Name.Name, text)
		}
	}
	return p, upload.CheckVerify(p.Verify)
}

func volume(name string) string {
	if name == "DEFAULT" {
		return ""
	}
	return name
}

func (s *Server) uploadHandlers() Handlers {
	if s.Uploads == nil {
		return nil
	}
	return Handlers{"checkUpload": s.checkUpload, "uploadFile": s.uploadFile}
}

func uploadName(a *Args) upload.Name {
	n := upload.Name{Dir: a.String("path"), Name: a.String("name")}
	if v := a.OptString("volume"); v != nil {
		n.Volume = volume(*v)
	}
	return n
}

func (s *Server) checkUpload(ctx context.Context, c *Call) (any, error) {
	q := upload.Query{Name: uploadName(c.Args), Tail: c.Args.OptInt("tail")}
	if v := c.Args.OptString("verify"); v != nil {
		q.Verify = *v
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if q.Tail != nil && *q.Tail < 0 {
		return nil, kura.Errorf("koji.checkUpload", kura.Invalid, "Invalid tail value: %d", *q.Tail)
	}
	if err := upload.CheckVerify(q.Verify); err != nil {
		return nil, err
	}
	info, err := s.Uploads.Stat(ctx, q)
	if err != nil || info == nil {
		return nil, err
	}
	answer := xmlrpc.Struct{{Name: "size", Value: info.Size}, {Name: "mtime", Value: float64(info.MTime) / 1e6}}
	if q.Verify != "" {
		answer = append(answer, xmlrpc.Member{Name: "sumlength", Value: info.SumLength},
			xmlrpc.Member{Name: "hexdigest", Value: info.Digest})
	}
	return answer, nil
}
