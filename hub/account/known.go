package account

import (
	"crypto/sha256"
	"strconv"
	"sync"

	"github.com/kura-build/kura/db"
)

// known remembers who callers were found to be, for as long as nobody's rights have
// changed. It holds no secrets, only their sums, and forgets everybody when somebody's
// rights change.
type known struct {
	mu     sync.Mutex
	rights int64 // the state in which they were found
	by     map[[sha256.Size]byte]Actor
}

// knownMost bounds how many are remembered.
const knownMost = 4096

// Recall gives who was found to come with these credentials, or with this token, so
// that not each call has to read it. The state must have been read after the call came.
func (s *Sessions) Recall(c Credentials, token string, at db.State) (Actor, bool) {
	key := caller(c, token)
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	a, ok := s.known.by[key]
	if !ok || s.known.rights != at.Rights || s.now() > a.Until {
		return Actor{}, false
	}
	return a, true
}

// Remember notes who Check or CheckToken found after the state was read. It holds for
// no longer than it takes until the session's use has to be noted again.
func (s *Sessions) Remember(c Credentials, token string, at db.State, a Actor) {
	key, soon := caller(c, token), s.now()+staleAfter.Microseconds()
	if a.Until == 0 || a.Until > soon {
		a.Until = soon
	}
	a.Stale = false
	k := &s.known
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case at.Rights < k.rights:
		return
	case at.Rights > k.rights || len(k.by) >= knownMost:
		k.by, k.rights = nil, at.Rights
	}
	if k.by == nil {
		k.by = map[[sha256.Size]byte]Actor{}
	}
	k.by[key] = a
}

// caller tells credentials apart, or tokens by their secret.
func caller(c Credentials, token string) [sha256.Size]byte {
	if token != "" {
		return sha256.Sum256([]byte("token\x00" + c.IP + "\x00" + token))
	}
	return sha256.Sum256([]byte("session\x00" + c.IP + "\x00" + strconv.FormatInt(c.Session, 10) + "\x00" + c.Key))
}
