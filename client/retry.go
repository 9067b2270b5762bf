package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// firstPause is the pause after the second try; each one after doubles it.
const firstPause = time.Second

// repeat sends a message until there is an answer, as often as the profile
// allows. Number and body stay the same: a hub that has carried out the call
// says so instead of doing it again. A hub that has never answered gets two
// tries: a wrong address should not take minutes to find out.
func (h *Hub) repeat(ctx context.Context, c *http.Client, m *message, s *ticket, reached bool) (any, error) {
	pause := time.Duration(0)
	for try := 0; ; try++ {
		v, err := h.once(ctx, c, m, s)
		if err == nil {
			return v, nil
		}
		if try > 0 && s != nil && Code(err) == codeRetry {
			return nil, lost(m.method)
		}
		offline := h.profile.OfflineRetry && Code(err) == codeOffline
		if !offline {
			var b *broken
			if !errors.As(err, &b) {
				return nil, err
			}
			if ctx.Err() != nil {
				return nil, h.unreachable(m.method, context.Cause(ctx))
			}
			if h.token != "" && !m.safe && b.arrived() {
				return nil, unknown(m.method, b)
			}
			if !b.passing() || try >= h.profile.MaxRetries || !reached && try >= 1 {
				return nil, h.unreachable(m.method, b)
			}
		} else if pause == 0 {
			pause = firstPause
		}
		if h.OnRetry != nil {
			h.OnRetry(m.method, err, pause)
		}
		if err := h.sleep(ctx, pause); err != nil {
			return nil, h.unreachable(m.method, err)
		}
		if pause *= 2; pause == 0 {
			pause = min(firstPause, h.profile.RetryInterval)
		}
		pause = min(pause, h.profile.RetryInterval)
	}
}

// arrived reports whether the hub may have carried out the call: not if there
// was no connection, or somebody before the hub said that it did not pass it on.
func (b *broken) arrived() bool {
	switch b.status {
	case 0:
		var op *net.OpError
		return !(errors.As(b.err, &op) && op.Op == "dial") && !isTrust(b.err) && !isAlert(b.err)
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusInternalServerError:
		return true
	}
	return false
}

// passing reports whether trying again can help.
func (b *broken) passing() bool {
	switch {
	case b.status >= 500, b.status == http.StatusRequestTimeout, b.status == http.StatusTooManyRequests:
		return true
	case b.status != 0:
		return false
	}
	return !isTrust(b.err) && !isAlert(b.err)
}
