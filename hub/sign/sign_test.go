package sign_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/sign/signtest"
)

// complete imports a build of one package.
func complete(t *testing.T, d *db.DB, blobs blob.Store) (*build.Build, account.Actor) {
	t.Helper()
	ctx := context.Background()
	var b *build.Build
	var who account.Actor
	var out bytes.Buffer
	spec := rpm.Build{Name: "hello", Version: "1", Release: "1", Arch: "noarch", Summary: "s", License: "MIT"}
	if _, err := spec.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	info, err := blobs.Put(ctx, &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := build.Inspect(ctx, blobs, info, "hello-1-1.noarch.rpm")
	if err != nil {
		t.Fatal(err)
	}
	err = d.Update(ctx, func(tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "signer", account.Person)
		if err != nil {
			return err
		}
		if who, err = account.Load(ctx, tx, account.ByID(u.ID)); err != nil {
			return err
		}
		if b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "1", Release: "1", OwnerID: u.ID}); err != nil {
			return err
		}
		_, err = build.Attach(ctx, tx, b, in, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, who
}

// checksig asks rpm whether a file is signed by a key.
func checksig(t *testing.T, public string, pkg []byte) error {
	t.Helper()
	work := t.TempDir()
	key, f, home := filepath.Join(work, "key"), filepath.Join(work, "p.rpm"), filepath.Join(work, "db")
	os.WriteFile(key, []byte(public), 0o600)
	os.WriteFile(f, pkg, 0o600)
	for _, args := range [][]string{
		{"rpmkeys", "--dbpath", home, "--import", key},
		{"rpmkeys", "--dbpath", home, "--define", "_pkgverify_level all", "--checksig", f},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Logf("%s", out)
			return err
		}
	}
	return nil
}

func TestSignedCopiesPassRPM(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		blobs, err := dir.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		h := signtest.New()
		room := sign.New(d, blobs, h)
		b, who := complete(t, d, blobs)
		for _, kind := range []string{"rsa4096", "ed25519"} {
			k, err := room.Create(ctx, who, "key-"+kind, kind, "Key", "key@example.org")
			if err != nil {
				t.Fatal(err)
			}
			if kind == "rsa4096" {
				if _, err := room.Build(ctx, who, b.ID, k.Name); !kura.Is(err, kura.Build) {
					t.Errorf("a build that is not complete was signed: %v", err)
				}
				err := d.Update(ctx, func(tx *db.Tx) error { _, err := build.SetState(ctx, tx, b.ID, build.Complete); return err })
				if err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // again changes nothing
				if _, err := room.Build(ctx, who, b.ID, k.ShortID()); err != nil {
					t.Fatal(err)
				}
			}
			var c *file.Content
			err = d.View(ctx, func(tx *db.Tx) (err error) {
				c, err = file.Read(ctx, tx, "packages/hello/1/1/data/signed/"+k.ShortID()+"/noarch/hello-1-1.noarch.rpm")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			r := c.Open(ctx, blobs)
			pkg, err := io.ReadAll(r)
			r.Close()
			if err != nil {
				t.Fatal(err)
			}
			if err := checksig(t, k.Public, pkg); err != nil {
				t.Errorf("%s: rpm refuses the signed copy: %v", kind, err)
			}
			pkg[len(pkg)-1] ^= 1
			if checksig(t, k.Public, pkg) == nil {
				t.Errorf("%s: rpm takes an altered copy", kind)
			}
		}
		if len(h.Signed) != 2 {
			t.Errorf("the signer was asked for %v, want each package once a key", h.Signed)
		}
	})
}

func TestNoSigner(t *testing.T) {
	d := dbtest.SQLite(t)
	_, err := sign.New(d, nil, nil).Create(context.Background(), account.System, "k", "ed25519", "K", "")
	if !kura.Is(err, kura.Unavailable) || !strings.Contains(err.Error(), "[signer]") {
		t.Errorf("%v", err)
	}
}
