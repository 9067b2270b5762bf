package koji

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

func BenchmarkHello(b *testing.B) {
	c := newFront(b).anonymous()
	for b.Loop() {
		c.must("hello")
	}
}

func BenchmarkHelloWithSession(b *testing.B) {
	c := newFront(b).login("ada")
	for b.Loop() {
		c.must("hello")
	}
}

func BenchmarkWrite(b *testing.B) {
	f := newFront(b)
	c := f.login("builder1")
	c.must("exclusiveSession")
	for b.Loop() {
		c.must("sharedSession")
	}
}

// BenchmarkLists makes the long lists of a tag, none of which is kept.
func BenchmarkLists(b *testing.B) {
	for _, on := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(on.name, func(b *testing.B) {
			h := newBuildHub(b, on.open(b))
			h.many(2000)
			for _, method := range []string{"listTagged", "getLatestBuilds", "listTaggedRPMS", "getLatestRPMS"} {
				b.Run(method, func(b *testing.B) {
					b.ReportAllocs()
					used := processor(b)
					for b.Loop() {
						ctx := context.Background()
						err := h.db.View(ctx, func(tx *db.Tx) error {
							out := &reply{w: httptest.NewRecorder(), gzip: true}
							defer func() { _ = out.end(true) }()
							return h.server.answerKept(ctx, tx, &request{method: method, params: []any{"f41"}}, account.Actor{}, out)
						})
						if err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64((processor(b)-used).Microseconds())/1000/float64(b.N), "cpu-ms/op")
				})
			}
		})
	}
}

// processor is the time that this process has used.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// many tags builds of four rpms each, without their bytes.
func (h *buildHub) many(n int) {
	h.tags()
	h.update(func(ctx context.Context, tx *db.Tx) error {
		me, err := account.Get(ctx, tx, account.ByName("ada"))
		if err != nil {
			return err
		}
		dest, err := tag.Get(ctx, tx, tag.ByName("f41"), 0)
		if err != nil {
			return err
		}
		owner := account.ByID(me.ID)
		for i := range n {
			name := fmt.Sprintf("package%05d", i)
			made, err := build.Begin(ctx, tx, build.New{Name: name, Version: "2.10", Release: "1", OwnerID: me.ID})
			if err != nil {
				return err
			}
			for _, arch := range []string{"src", "x86_64", "aarch64", "noarch"} {
				p := rpm.Build{Name: name, Version: "2.10", Release: "1", Arch: arch, Summary: "x", License: "MIT", SourceRPM: name + "-2.10-1.src.rpm"}
				switch arch {
				case "src":
					p.Arch, p.Source, p.SourceRPM = "noarch", true, ""
				case "noarch":
					p.Name += "-data"
				}
				var raw bytes.Buffer
				if _, err := p.WriteTo(&raw); err != nil {
					return err
				}
				sum := sha256.Sum256(raw.Bytes())
				pkg, err := rpm.Read(&raw)
				if err != nil {
					return err
				}
				if _, err := build.Attach(ctx, tx, made, &build.Incoming{Name: pkg.NEVRA(), Source: name + "-2.10-1.src.rpm", Package: pkg,
					Blob: blob.Info{Sum: sum, Size: 1000}, MD5: hex.EncodeToString(pkg.PayloadMD5()), Built: 1700000000}, nil); err != nil {
					return err
				}
			}
			if made, err = build.SetState(ctx, tx, made.ID, build.Complete); err != nil {
				return err
			}
			if err := tag.NewLists(nil).Add(ctx, tx, account.System, tag.ByID(dest.ID), tag.ByName(name), tag.Entry{Owner: &owner}); err != nil {
				return err
			}
			if err := build.Tag(ctx, tx, account.System, made, dest, false); err != nil {
				return err
			}
		}
		return nil
	})
}
