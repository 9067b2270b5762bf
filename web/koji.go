package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// kojiPages are the addresses that Koji's clients print and that stand in old
// mails and bug reports, and where the same is shown here.
var kojiPages = map[string]func(ctx context.Context, tx *db.Tx, q url.Values) (string, error){
	"":        to("/"),
	"index":   to("/"),
	"tasks":   to("/tasks"),
	"builds":  to("/builds"),
	"tags":    to("/tags"),
	"hosts":   to("/hosts"),
	"reports": to("/"),
	"taskinfo": func(_ context.Context, _ *db.Tx, q url.Values) (string, error) {
		id, err := number("taskID", q.Get("taskID"))
		return fmt.Sprintf("/tasks/%d", id), err
	},
	"hostinfo": func(_ context.Context, _ *db.Tx, q url.Values) (string, error) {
		return "/hosts#host-" + url.PathEscape(q.Get("hostID")), nil
	},
	"buildrootinfo": func(_ context.Context, _ *db.Tx, q url.Values) (string, error) {
		id, err := number("buildrootID", q.Get("buildrootID"))
		return fmt.Sprintf("/buildroots/%d", id), err
	},
	"buildinfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		b, err := find(ctx, tx, q.Get("buildID"))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("/builds/%d", b.ID), nil
	},
	"rpminfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		id, err := number("rpmID", q.Get("rpmID"))
		if err != nil {
			return "", err
		}
		f, err := build.GetRPM(ctx, tx, id)
		if err != nil {
			return "", err
		}
		if f.BuildID == nil {
			return "", kura.Errorf("web.koji", kura.NotFound, "%s comes from the repository %s and belongs to no build here", f.NVRA(), f.ExternalRepoName)
		}
		return fmt.Sprintf("/builds/%d#rpm-%d", *f.BuildID, id), nil
	},
	"taginfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		n, err := tag.Lookup(ctx, tx, idOrName(q.Get("tagID")))
		return "/tags/" + escapePath(n.Name), err
	},
	"repoinfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		id, err := number("repoID", q.Get("repoID"))
		if err != nil {
			return "", err
		}
		r, err := repo.Get(ctx, tx, id)
		if err != nil {
			return "", err
		}
		return "/tags/" + escapePath(r.TagName) + "#repos", nil
	},
	"packageinfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		n, err := tag.GetPackage(ctx, tx, idOrName(q.Get("packageID")))
		return "/builds?package=" + url.QueryEscape(n.Name), err
	},
	"userinfo": func(ctx context.Context, tx *db.Tx, q url.Values) (string, error) {
		u, err := account.Get(ctx, tx, idOrName(q.Get("userID")))
		return "/tasks?owner=" + url.QueryEscape(u.Name), err
	},
}

func to(path string) func(context.Context, *db.Tx, url.Values) (string, error) {
	return func(context.Context, *db.Tx, url.Values) (string, error) { return path, nil }
}

func idOrName(text string) tag.Ref {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return tag.ByID(id)
	}
	return tag.ByName(text)
}

func (s *Server) koji(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("page"), ".chtml") // as very old addresses end
	p, ok := kojiPages[strings.Trim(name, "/")]
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no page "+r.URL.Path+".")
		return
	}
	s.html("problem", func(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
		to, err := p(ctx, tx, r.URL.Query())
		if err == nil && to == "" {
			err = errors.New("no address")
		}
		if err != nil {
			return nil, err
		}
		return nil, &moved{to}
	})(w, r)
}
