package signer

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/protocol"
)

// peer is who is at the other end of a connection, as the kernel says.
type peer struct {
	uid uint32
	pid int32
}

type peerKey struct{}

func peerOf(ctx context.Context) peer {
	p, _ := ctx.Value(peerKey{}).(peer)
	return p
}

func withPeer(ctx context.Context, c net.Conn) context.Context {
	if pc, ok := c.(*peerConn); ok {
		return context.WithValue(ctx, peerKey{}, pc.peer)
	}
	return ctx
}

type peerConn struct {
	*net.UnixConn
	peer peer
}

// peerListener lets nobody but the allowed uids as far as the HTTP server.
type peerListener struct {
	*net.UnixListener
	server *server
	turned atomic.Int32 // refusals under way
}

func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		p, err := credentials(c)
		if err == nil && slices.Contains(l.server.conf.AllowUIDs, p.uid) {
			return &peerConn{UnixConn: c, peer: p}, nil
		}
		if err == nil {
			err = refuse(kindDenied, "uid %d may not use the signer: the hub's uid may", p.uid)
		} else {
			err = refuse(kindDenied, "the kernel does not say who connects: %v", err)
		}
		l.server.refused(Entry{Time: l.server.conf.Now(), UID: int64(p.uid)}, err)
		l.turnAway(c, problem(err))
	}
}

// turnedAwayAtOnce is how many refusals wait for the caller's first bytes.
const turnedAwayAtOnce = 16

// turnAway says why, once the caller has begun to ask: an HTTP client takes
// an answer that comes before its question for a fault of the connection.
// What was asked is not looked at. The signer never waits for it, and who
// opens many connections to be turned away gets no reason from the 17th on.
func (l *peerListener) turnAway(c net.Conn, p protocol.Problem) {
	body, err := json.Marshal(p)
	if l.turned.Add(1) > turnedAwayAtOnce || err != nil {
		l.turned.Add(-1)
		c.Close()
		return
	}
	go func() {
		defer l.turned.Add(-1)
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Second))
		if _, err := c.Read(make([]byte, 16<<10)); err != nil {
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			http.StatusForbidden, http.StatusText(http.StatusForbidden), len(body), body)
	}()
}
