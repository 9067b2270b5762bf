package account

import (
	"sync"
	"time"
)

// Limits on failed logins within window: for one user from one address, from
// one address, and for one user from everywhere. The last is high, so that a
// stranger cannot easily lock somebody out.
const (
	window       = 5 * time.Minute
	failsPair    = 10
	failsAddress = 60
	failsUser    = 200
	maxTracked   = 50_000
)

type limitKey struct{ user, ip string }

type fails struct {
	count int
	since time.Time
}

// limiter counts failed logins in this process. It forgets when the hub
// restarts, and each hub counts its own.
type limiter struct {
	mu   sync.Mutex
	seen map[limitKey]*fails
}

func limits(user, ip string) [3]struct {
	key limitKey
	max int
} {
	return [3]struct {
		key limitKey
		max int
	}{{limitKey{user, ip}, failsPair}, {limitKey{"", ip}, failsAddress}, {limitKey{user, ""}, failsUser}}
}

// wait gives how long a login must wait, 0 for not at all.
func (l *limiter) wait(user, ip string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	for _, k := range limits(user, ip) {
		f := l.seen[k.key]
		if f != nil && f.count >= k.max {
			wait = max(wait, f.since.Add(window).Sub(now))
		}
	}
	return wait
}

func (l *limiter) fail(user, ip string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[limitKey]*fails{}
	}
	if len(l.seen) >= maxTracked {
		for k, f := range l.seen {
			if now.Sub(f.since) > window {
				delete(l.seen, k)
			}
		}
		if len(l.seen) >= maxTracked {
			// An attack from everywhere: keep what is counted already.
			return
		}
	}
	for _, k := range limits(user, ip) {
		f := l.seen[k.key]
		if f == nil || now.Sub(f.since) > window {
			l.seen[k.key] = &fails{count: 1, since: now}
			continue
		}
		f.count++
	}
}

func (l *limiter) clear(user, ip string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, limitKey{user, ip})
}
