package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	format "github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/signer"
)

var kinds = []string{"rsa4096", "ed25519"}

// sign measures the signer alone, asked from eight sides as in a mass rebuild,
// and then the hub's whole way: a build of one package signed by name.
func (b *bench) sign() error {
	if err := b.signerAlone(); err != nil {
		return err
	}
	return b.each(func(h *hub, db string) error {
		n := b.turns(40, 10)
		var nvrs []string
		for i := range n {
			nvr, err := h.sourceBuild("sign", i)
			if err != nil {
				return err
			}
			nvrs = append(nvrs, nvr)
		}
		for _, kind := range kinds {
			if _, err := h.Call(b.ctx, "kura.createKey", "bench-"+kind, kind, "bench", "bench@example.org"); err != nil {
				return err
			}
			var took []time.Duration
			for _, nvr := range nvrs {
				began := time.Now()
				if _, err := h.Call(b.ctx, "kura.signBuild", nvr, "bench-"+kind); err != nil {
					return err
				}
				took = append(took, time.Since(began))
			}
			say(fmt.Sprintf("sign: a build of one package, p95, %s, %s", kind, db), millis(quantile(took, .95)), "ms", "by the hub, with its records")
		}
		return nil
	})
}

func (b *bench) signerAlone() error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "signer")
	if err := signer.Init(dir, signer.Setup{Hubs: []ed25519.PublicKey{public}}); err != nil {
		return err
	}
	conf := signer.Config{
		Dir: dir, Socket: filepath.Join(b.dir, "signer.sock"), AllowUIDs: []uint32{uint32(os.Getuid())},
		PerMinute: 1 << 30, Log: slog.New(slog.DiscardHandler),
	}
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = signer.Serve(ctx, conf) // one that does not serve has no status
	}()
	defer func() { cancel(); <-ended }()
	c := signer.NewClient(conf.Socket, private)
	for range 200 {
		if _, err = c.Status(ctx); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	_, data, err := synthetic("header", false)
	if err != nil {
		return err
	}
	p, err := format.Read(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if _, err := c.CreateKey(ctx, kind, "bench", protocol.SignerKeySpec{Kind: kind, UserID: "bench", Email: "bench@example.org", Uses: []protocol.SignerUse{protocol.UsePackages}}); err != nil {
			return err
		}
		for _, sides := range []int{1, 8} {
			took := make([]time.Duration, b.turns(400, 80))
			err := b.many(sides, len(took), func(_, i int) error {
				began := time.Now()
				_, err := c.SignPackage(ctx, kind, int64(i)+1, p.NEVRA().NVRA(), "bench", p.Header.Raw())
				took[i] = time.Since(began)
				return err
			})
			if err != nil {
				return err
			}
			say(fmt.Sprintf("signer: one package, p95, %s, %d at once", kind, sides), millis(quantile(took, .95)), "ms", "")
		}
	}
	return nil
}
