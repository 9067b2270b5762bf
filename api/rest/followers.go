package rest

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"

	"github.com/kura-build/kura"
	door "github.com/kura-build/kura/api/login"
	"github.com/kura-build/kura/hub/account"
)

const (
	maxStreams          = 256 // of all callers together
	maxStreamsAnonymous = 128 // of those who are not logged in: the others' places are not for them
	maxStreamsOfOne     = 32  // of a user, or of an address of somebody who is not logged in
)

// followers counts who follows events, so that nobody takes the places of all.
type followers struct {
	mu        sync.Mutex
	all       int
	anonymous int
	by        map[string]int
}

// enter takes a place; leave gives it back.
func (f *followers) enter(by account.Actor, r *http.Request) (leave func(), err error) {
	const op = "rest.events"
	who := follower(by, r)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.by[who] >= maxStreamsOfOne:
		return nil, kura.Errorf(op, kura.Unavailable, "%s follows events %d times already: end one of these, or follow more topics with one", who, maxStreamsOfOne)
	case !by.LoggedIn() && f.anonymous >= maxStreamsAnonymous:
		return nil, kura.Errorf(op, kura.Unavailable, "%d callers who are not logged in follow events already: log in with a token or a client certificate, or try again later", maxStreamsAnonymous)
	case f.all >= maxStreams:
		return nil, kura.Errorf(op, kura.Unavailable, "%d callers follow events already: try again later", maxStreams)
	}
	f.all++
	if !by.LoggedIn() {
		f.anonymous++
	}
	f.by[who]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if !by.LoggedIn() {
			f.anonymous--
		}
		if f.by[who]--; f.by[who] == 0 {
			delete(f.by, who)
		}
	}, nil
}

// follower names whom a place counts for. Of IPv6 addresses one has as many as one
// likes below the first 64 bits.
func follower(by account.Actor, r *http.Request) string {
	if by.LoggedIn() {
		return fmt.Sprintf("user %s", by.Name)
	}
	host := door.Remote(r)
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "address " + host
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return "network " + p.String()
		}
	}
	return "address " + a.String()
}
