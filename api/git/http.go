package git

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"regexp"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/source"
)

// Login tells who makes a request; account.Anonymous for nobody.
type Login func(r *http.Request) (account.Actor, error)

// HTTP serves /rpms/NAME.git by git's smart protocol.
type HTTP struct {
	repos *source.Repositories
	db    *db.DB
	login Login
	log   *slog.Logger
	git   string
	slots chan struct{} // each request is two processes
}

// maxGit bounds the requests that git answers at once; waitGit is how long one
// waits for its turn.
const (
	maxGit  = 64
	waitGit = 30 * time.Second
)

// NewHTTP makes the handler. It needs git with its http-backend.
func NewHTTP(repos *source.Repositories, d *db.DB, login Login, log *slog.Logger) (*HTTP, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, kura.Errorf("git.NewHTTP", kura.Unavailable, "git is not installed: %w", err)
	}
	return &HTTP{repos: repos, db: d, login: login, log: log, git: git, slots: make(chan struct{}, maxGit)}, nil
}

// The only requests there are. The dumb protocol would show single files.
var requests = regexp.MustCompile(`^/rpms/([A-Za-z0-9_][A-Za-z0-9._+-]*?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)$`)

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := requests.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.NotFound(w, r)
		return
	}
	name, what := m[1], m[2]
	service := what
	if what == "info/refs" {
		service = r.URL.Query().Get("service")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		}
	} else if r.Method != http.MethodPost {
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	user := ""
	switch service {
	case "git-upload-pack":
	case "git-receive-pack":
		who, err := h.mayPush(r, name)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		user = who.Name
		if err := h.repos.Create(r.Context(), name); err != nil {
			h.refuse(w, r, err)
			return
		}
	default:
		http.Error(w, "only git's smart protocol is spoken here", http.StatusForbidden)
		return
	}
	if !h.repos.Exists(name) {
		http.Error(w, "there is no repository rpms/"+name+": its package's owner makes it by pushing to it", http.StatusNotFound)
		return
	}
	env := append(source.Env(), "GIT_PROJECT_ROOT="+h.repos.Root(), "GIT_HTTP_EXPORT_ALL=1")
	if user != "" {
		env = append(env, "REMOTE_USER="+user, "GIT_COMMITTER_NAME="+user, "GIT_COMMITTER_EMAIL="+user+"@localhost")
	}
	if !h.enter(r) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many people fetch sources just now: try again soon", http.StatusServiceUnavailable)
		return
	}
	defer func() { <-h.slots }()
	// The path and the query that git sees are made of checked parts, not of
	// the request's: of a parameter that comes twice, git takes the other one.
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawQuery = "/rpms/"+name+".git/"+what, ""
	if what == "info/refs" {
		r.URL.RawQuery = "service=" + service
	}
	r.Header.Del("Proxy")
	r.TransferEncoding = nil // it was taken off: git reads to the end
	w, r = paced(w, r)       // or requests that never come to an end would keep all the places
	(&cgi.Handler{
		Path: h.git, Args: []string{"http-backend"}, Env: env, Dir: h.repos.Root(),
		Logger: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn), Stderr: &lines{log: h.log, repo: name},
	}).ServeHTTP(w, r)
}

func (h *HTTP) enter(r *http.Request) bool {
	timer := time.NewTimer(waitGit)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return true
	case <-r.Context().Done():
	case <-timer.C:
	}
	return false
}

func (h *HTTP) mayPush(r *http.Request, name string) (who account.Actor, err error) {
	if who, err = h.login(r); err != nil {
		return who, err
	}
	err = h.db.View(r.Context(), func(tx *db.Tx) error { return source.MayPush(r.Context(), tx, who, name) })
	return who, err
}

func (h *HTTP) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := Status(err)
	if status >= 500 {
		h.log.Error("git", "path", r.URL.Path, "err", err, "trace", kura.Trace(err))
	}
	http.Error(w, err.Error(), status)
}

// Status is the HTTP status for an error's kind.
func Status(err error) int {
	switch kura.KindOf(err) {
	case kura.Invalid:
		return http.StatusBadRequest
	case kura.NotFound:
		return http.StatusNotFound
	case kura.Exists, kura.Conflict:
		return http.StatusConflict
	case kura.Denied:
		return http.StatusForbidden
	case kura.Unauthenticated, kura.Expired:
		return http.StatusForbidden // a certificate cannot be asked for: there is no challenge to answer
	case kura.TooLarge:
		return http.StatusRequestEntityTooLarge
	case kura.NoSpace:
		return http.StatusInsufficientStorage
	case kura.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// lines passes what git says on its standard error to the log.
type lines struct {
	log  *slog.Logger
	repo string
}

func (l *lines) Write(b []byte) (int, error) {
	l.log.LogAttrs(context.Background(), slog.LevelDebug, "git", slog.String("repository", l.repo), slog.String("says", string(b)))
	return len(b), nil
}
