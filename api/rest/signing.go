package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/sign"
)

// keyView is the public side of a signing key.
type keyView struct {
	Name    string     `json:"name"`
	KeyID   string     `json:"keyid" doc:"16 digits; signatures are called by the last 8"`
	Kind    string     `json:"kind" doc:"rsa4096, ed25519"`
	Public  string     `json:"public" doc:"armoured"`
	Created time.Time  `json:"created"`
	Retired *time.Time `json:"retired,omitempty"`
}

func viewKey(k sign.Key) keyView {
	return keyView{k.Name, k.KeyID, k.Kind, k.Public, db.Time(k.Created), when(k.Retired)}
}

// sigView is a signature that is kept of a package.
type sigView struct {
	Key  string `json:"key" doc:"the last 8 digits of its id; empty: the package as it was built, unsigned"`
	Hash string `json:"hash" doc:"MD5 of the signature header"`
	Path string `json:"path" doc:"of the signed copy below /kojifiles, once it is written"`
}

// InSignature names a signature of a package in a path.
type InSignature struct {
	InRPM
	Key string `path:"key" pattern:"^[0-9a-fA-F]{8}$" doc:"the last 8 digits of the key's id"`
}

// sigsOf shows the signatures that are kept of a package.
func sigsOf(ctx context.Context, c *call, r *build.RPM) (page pageOf[sigView], err error) {
	page.Items = []sigView{}
	if r.BuildID == nil {
		return page, nil
	}
	b, err := build.Get(ctx, c.tx, *r.BuildID)
	if err != nil {
		return page, err
	}
	all, err := build.Sigs(ctx, c.tx, r.ID)
	for _, s := range all {
		v := sigView{Key: s.Key, Hash: s.Hash, Path: b.Path() + "/" + r.Path()}
		if s.Key != "" {
			v.Path = b.Path() + "/" + r.SignedPath(s.Key)
		}
		page.Items = append(page.Items, v)
	}
	return page, err
}

// view looks at the database for an operation that has no transaction.
func (s *Server) view(ctx context.Context, by account.Actor, fn func(c *call) error) error {
	return s.DB.View(ctx, func(tx *db.Tx) error { return fn(&call{by: by, tx: tx}) })
}

func (s *Server) signing() {
	read(s, "list-signed-rpms", func(ctx context.Context, c *call, in *struct {
		Paging
		Key string `path:"key" pattern:"^[0-9a-fA-F]{8}$" doc:"the last 8 digits of the key's id"`
	}) (page pageOf[rpmView], err error) {
		m, err := in.mark()
		if err != nil {
			return page, err
		}
		got, err := build.SigsWith(ctx, c.tx, strings.ToLower(in.Key), m.ID, int64(in.Limit)+1)
		if err != nil {
			return page, err
		}
		rpms := make([]*build.RPM, len(got))
		for i, g := range got {
			if rpms[i], err = build.GetRPM(ctx, c.tx, g.RPM); err != nil {
				return page, err
			}
		}
		return full(&in.Paging, rpms, func(r *build.RPM) mark { return mark{ID: r.ID} }, viewRPM), nil
	})
	read(s, "list-keys", func(ctx context.Context, c *call, in *Paging) (page pageOf[keyView], err error) {
		all, err := sign.Keys(ctx, c.tx)
		if err != nil {
			return page, err
		}
		return cut(in, all, func(k sign.Key) string { return k.Name }, viewKey)
	})
	read(s, "get-key", func(ctx context.Context, c *call, in *struct {
		Key string `path:"key" doc:"the key's name, or the last 8 or 16 digits of its id"`
	}) (keyView, error) {
		k, err := sign.Find(ctx, c.tx, in.Key)
		return viewKey(k), err
	})
	apart(s, "create-key", http.StatusCreated, func(ctx context.Context, by account.Actor, in *struct {
		Body struct {
			Name   string `json:"name" minLength:"1"`
			Kind   string `json:"kind,omitempty" enum:"rsa4096,ed25519" default:"rsa4096"`
			UserID string `json:"user_id,omitempty" doc:"whose key it is, as OpenPGP shows it; none: the name"`
			Email  string `json:"email,omitempty"`
		}
	}) (v keyView, err error) {
		user := in.Body.UserID
		if user == "" {
			user = in.Body.Name
		}
		k, err := s.Sign.Create(ctx, by, in.Body.Name, in.Body.Kind, user, in.Body.Email)
		if err != nil {
			return v, err
		}
		return viewKey(k), nil
	})
	apart(s, "sign-build", http.StatusOK, func(ctx context.Context, by account.Actor, in *struct {
		InBuild
		Body struct {
			Key string `json:"key" minLength:"1" doc:"the key's name, or the last 8 or 16 digits of its id"`
		}
	}) (page pageOf[rpmView], err error) {
		var b *build.Build
		if err := s.view(ctx, by, func(c *call) (err error) {
			b, err = in.find(ctx, c)
			return err
		}); err != nil {
			return page, err
		}
		all, err := s.Sign.Build(ctx, by, b.ID, in.Body.Key)
		page.Items = []rpmView{}
		for _, r := range all {
			page.Items = append(page.Items, viewRPM(r))
		}
		return page, err
	})
	s.signatures()
}

func (s *Server) signatures() {
	read(s, "list-rpm-signatures", func(ctx context.Context, c *call, in *InRPM) (page pageOf[sigView], err error) {
		r, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		return sigsOf(ctx, c, r)
	})
	// shown carries out a change of a package's signatures, and shows them.
	shown := func(ctx context.Context, by account.Actor, in *InRPM, change func(*build.RPM) error) (page pageOf[sigView], err error) {
		var r *build.RPM
		err = s.view(ctx, by, func(c *call) (err error) {
			r, err = in.find(ctx, c)
			return err
		})
		if err == nil {
			err = change(r)
		}
		if err != nil {
			return page, err
		}
		err = s.view(ctx, by, func(c *call) (err error) {
			page, err = sigsOf(ctx, c, r)
			return err
		})
		return page, err
	}
	apart(s, "add-rpm-signature", http.StatusCreated, func(ctx context.Context, by account.Actor, in *struct {
		InRPM
		Body struct {
			Header []byte `json:"header" doc:"the signature header of the signed package, in base64"`
		}
	}) (pageOf[sigView], error) {
		return shown(ctx, by, &in.InRPM, func(r *build.RPM) error { return s.Sign.Add(ctx, r.ID, in.Body.Header) })
	})
	apart(s, "write-signed-rpm", http.StatusOK, func(ctx context.Context, by account.Actor, in *InSignature) (pageOf[sigView], error) {
		return shown(ctx, by, &in.InRPM, func(r *build.RPM) error { return s.Sign.Write(ctx, r.ID, strings.ToLower(in.Key)) })
	})
	write(s, "delete-rpm-signature", http.StatusOK, func(ctx context.Context, c *call, in *InSignature) (page pageOf[sigView], err error) {
		r, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		key := strings.ToLower(in.Key)
		if err := build.RemoveSignatures(ctx, c.tx, r, &key); err != nil {
			return page, err
		}
		return sigsOf(ctx, c, r)
	})
}
