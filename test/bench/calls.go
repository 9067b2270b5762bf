package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kura-build/kura/client"
)

// upstream is what Koji's own hub did on a machine like this one, without TLS:
// calls a second from one side and from eight.
var upstream = map[string][2]string{"getTag": {"349", "803"}, "getBuild": {"142", "443"}}

// calls measures the interface that Koji's clients ask, over HTTPS.
func (b *bench) calls() error {
	return b.each(func(h *hub, db string) error {
		if _, err := h.tags(); err != nil {
			return err
		}
		nvr, err := h.sourceBuild("calls", 0)
		if err != nil {
			return err
		}
		for _, c := range []client.Invocation{client.Do("getTag", "bench-build"), client.Do("getBuild", nvr)} {
			for _, login := range []bool{false, true} {
				for i, sides := range []int{1, 8} {
					n, err := h.rate(c, login, sides)
					if err != nil {
						return err
					}
					who := "anonymous"
					if login {
						who = "in a session"
					}
					compared := ""
					if !login {
						compared = "upstream " + upstream[c.Method][i] + " without TLS, on a busy machine"
					}
					say(fmt.Sprintf("%s, %s, %d at once, %s", c.Method, who, sides, db), n, "/s", compared)
				}
			}
		}
		return nil
	})
}

// rate calls from so many sides for a while and gives the calls a second.
func (h *hub) rate(c client.Invocation, login bool, sides int) (float64, error) {
	length := 2 * time.Second
	if h.b.quick {
		length = 500 * time.Millisecond
	}
	callers := make([]*client.Hub, sides)
	for i := range callers {
		s, err := h.session(login)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		if login {
			defer func() { _ = s.Logout(context.WithoutCancel(h.b.ctx)) }()
		}
		if _, err := s.Call(h.b.ctx, c.Method, c.Args...); err != nil { // connected from here on
			return 0, err
		}
		callers[i] = s
	}
	done := make([]int, sides)
	began := time.Now()
	err := h.b.many(sides, sides, func(side, _ int) error {
		for time.Since(began) < length {
			if _, err := callers[side].Call(h.b.ctx, c.Method, c.Args...); err != nil {
				return err
			}
			done[side]++
		}
		return nil
	})
	sum := 0
	for _, n := range done {
		sum += n
	}
	return float64(sum) / time.Since(began).Seconds(), err
}
