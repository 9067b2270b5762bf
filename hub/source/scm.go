package source

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/kura-build/kura"
)

// SCM is a source address in Koji's form:
//
//	scheme://[user@]host[:port]/path/repository[?subdirectory]#ref
type SCM struct {
	Scheme   string // git, git+https, git+ssh …, as written
	Host     string // lower case, with the port if one was written
	Path     string // normalised, with its leading slash
	Subdir   string // below the repository's top, "" for the top
	Ref      string
	User     string
	Original string
}

// schemes maps Koji's schemes to the transport that git is given. Plain http
// and file are not among them.
var schemes = map[string]string{
	"git": "git", "git+https": "https", "git+ssh": "ssh", "git+http": "http", "git+rsync": "",
}

var (
	hostShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	pathShape = regexp.MustCompile(`^(/[A-Za-z0-9_~+][A-Za-z0-9._~+@-]*)+$`)
	refShape  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+@~^-]*$`)
	userShape = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
)

// IsSCM reports whether a text has the form of a source address, as opposed to
// an uploaded file's path.
func IsSCM(text string) bool {
	i := strings.Index(text, "://")
	if i < 0 {
		return false
	}
	_, ok := schemes[text[:i]]
	return ok
}

// ParseSCM takes a source address apart. There is one spelling of each
// address: what is encoded, doubled, dotted or looks like an option is
// refused, so that a rule about an address cannot be passed by writing it
// otherwise.
func ParseSCM(text string) (*SCM, error) {
	const op = "source.ParseSCM"
	bad := func(why string) error {
		return kura.Errorf(op, kura.Invalid, "Invalid scheme or address %q: %s; the form is git+https://host/path/repository?subdirectory#ref", text, why)
	}
	if len(text) > 2048 {
		return nil, bad("it is too long")
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if transport, known := schemes[scheme]; !ok || !known || transport == "" {
		return nil, bad("its scheme is none of git, git+https, git+http, git+ssh")
	}
	rest, ref, ok := strings.Cut(rest, "#")
	if !ok || ref == "" {
		return nil, bad("it names no ref after #")
	}
	rest, subdir, _ := strings.Cut(rest, "?")
	s := &SCM{Scheme: scheme, Original: text, Ref: ref}
	authority, p, ok := strings.Cut(rest, "/")
	if !ok {
		return nil, bad("it has no path")
	}
	if user, host, ok := strings.Cut(authority, "@"); ok {
		if !userShape.MatchString(user) {
			return nil, bad("its user name is not plain")
		}
		s.User, authority = user, host
	}
	s.Host = authority
	if !hostShape.MatchString(s.Host) || strings.Contains(s.Host, "..") {
		return nil, bad("its host is not a plain lower-case name or IPv4 address")
	}
	s.Path = "/" + strings.TrimSuffix(p, "/")
	if !pathShape.MatchString(s.Path) || path.Clean(s.Path) != s.Path || strings.Contains(s.Path, "/..") {
		return nil, bad("its path has empty, dotted or special parts")
	}
	s.Subdir = strings.Trim(subdir, "/")
	if s.Subdir != "" && !pathShape.MatchString("/"+s.Subdir) {
		return nil, bad("its subdirectory has empty, dotted or special parts")
	}
	if !refShape.MatchString(s.Ref) || strings.Contains(s.Ref, "..") || strings.Contains(s.Ref, "@{") || len(s.Ref) > 255 {
		return nil, bad("its ref is not a plain branch, tag or commit")
	}
	return s, nil
}

// CloneURL is the address that git is given.
func (s *SCM) CloneURL() string {
	u := url.URL{Scheme: schemes[s.Scheme], Host: s.Host, Path: s.Path}
	if s.User != "" {
		u.User = url.User(s.User)
	}
	return u.String()
}

// Package is the name of the repository: the last part of its path.
func (s *SCM) Package() string { return strings.TrimSuffix(path.Base(s.Path), ".git") }

// Pinned is the address with the ref replaced by a commit.
func (s *SCM) Pinned(commit string) string {
	before, _, _ := strings.Cut(s.Original, "#")
	return before + "#" + commit
}
