package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/test/harness"
)

// balancer stands before hubs and leads each connection to the first that
// lives, as the proxy of a large installation does.
func balancer(t *testing.T, hubs ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	lead := func(c net.Conn) {
		defer c.Close()
		for _, h := range hubs {
			to, err := net.Dial("tcp", h)
			if err != nil {
				continue
			}
			var wg sync.WaitGroup
			for _, pair := range [][2]net.Conn{{c, to}, {to, c}} {
				wg.Go(func() {
					_, _ = io.Copy(pair[0], pair[1]) // either end may go at any time
					c.Close()
					to.Close()
				})
			}
			wg.Wait()
			return
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go lead(c)
		}
	}()
	return "https://" + l.Addr().String()
}

// Two hubs share a PostgreSQL and a store; their buses are joined. One is
// killed while both builders build: their work goes on at the other, and so
// does everything that is asked for afterwards.
func TestOneOfTwoHubsDies(t *testing.T) {
	database := dbtest.PostgresURL(t)
	ports, err := harness.Ports(2)
	if err != nil {
		t.Fatal(err)
	}
	bus := func(own, other int) harness.Section {
		return harness.Section{"cluster": fmt.Sprintf("127.0.0.1:%d", ports[own]), "routes": []string{fmt.Sprintf("127.0.0.1:%d", ports[other])}, "secret": "sake"}
	}
	one := mortalWith(t, harness.Options{Database: database, Config: map[string]harness.Section{
		"bus": bus(0, 1), "builder": {"capacity": 2.0},
	}})
	two := newSite(t, harness.Options{Database: database, PKI: one.site.Data, Config: map[string]harness.Section{
		"bus": bus(1, 0), "builder": {"name": "builder2", "capacity": 2.0}, "blobs": {"url": "dir:" + one.site.Blobs},
	}})
	a, b := strings.TrimPrefix(one.site.Cert, "https://"), strings.TrimPrefix(two.site.Cert, "https://")
	hub := one.start("hub")
	two.start("hub")
	_, err = one.site.StartAt(one.ctx, "builder", balancer(t, a, b))
	one.must(err)
	_, err = two.site.StartAt(two.ctx, "builder", balancer(t, b, a))
	two.must(err)
	one.settle("both0", "both1", "both2", "both3")
	two.login()

	var tops []int64
	for i := range 4 {
		by := []*place{one, two}[i%2]
		tops = append(tops, by.build(by.uploaded(slow(fmt.Sprintf("both%d", i), "6")), nil))
	}
	hosts := map[int64]bool{}
	two.until("both builders to build", func() bool {
		for _, top := range tops {
			all, err := two.admin.Trees(two.ctx, top)
			two.must(err)
			for _, x := range all {
				if x.Method == "buildArch" && x.State == client.TaskOpen {
					hosts[x.Host] = true
				}
			}
		}
		return len(hosts) == 2
	})
	hub.Kill()
	for _, top := range tops {
		two.closed(top)
	}
	for i, top := range tops {
		two.once(top, fmt.Sprintf("both%d-1-1.e2e", i))
	}
	two.list("later")
	two.closed(two.build(two.uploaded(spec{name: "later"}), nil))
	one.site.Close()
	two.sound()
}
