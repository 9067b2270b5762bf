package koji

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
)

func TestBuildsAreSigned(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		id := h.imported("1")
		h.pat.fault(1004, "admin", "kura.createKey", "f41", "ed25519", "Fedora 41", "f41@example.org")
		key := h.root.must("kura.createKey", "f41", "ed25519", "Fedora 41", "f41@example.org").(map[string]any)
		if key["name"] != "f41" || key["kind"] != "ed25519" || len(key["keyid"].(string)) != 16 || key["created"] != 1.7e9 {
			t.Error(key)
		}
		short := key["keyid"].(string)[8:]
		if diff := cmp.Diff(any(list(key["keyid"])), pick(h.anon.must("kura.listKeys"), "keyid")); diff != "" {
			t.Error(diff)
		}
		h.ada.fault(1004, "sign", "kura.signBuild", id, "f41")
		h.pat.fault(1000, "No such signing key: f99", "kura.signBuild", id, "f99")
		h.pat.fault(1000, "No such build", "kura.signBuild", "hello-2.10-9", "f41")
		want := list("hello-2.10-1.src.rpm", "hello-2.10-1.x86_64.rpm", "hello-doc-2.10-1.noarch.rpm")
		if diff := cmp.Diff(any(want), h.pat.must("kura.signBuild", "hello-2.10-1", "f41")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("", short)), pick(h.anon.must("queryRPMSigs", "hello-2.10-1.src"), "sigkey")); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("queryRPMSigs", nil, short, map[string]any{"countOnly": true}); v != int64(3) {
			t.Error(v)
		}
		if v := h.anon.must("queryRPMSigs", "hello-2.10-9.src"); len(v.([]any)) != 0 {
			t.Error(v)
		}
		sums := h.anon.must("getRPMChecksums", pick(h.anon.must("getRPM", "hello-2.10-1.src"), "id")).(map[string]any)
		if len(sums) != 2 || pick(sums[short], "sha256") == nil || cmp.Equal(sums[short], sums[""]) {
			t.Error(sums)
		}
	})
}

// A signature that was made elsewhere comes in as a header.
func TestSignaturesComeInAndGo(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.imported("1")
		h.root.must("kura.createKey", "f41", "ed25519")
		h.root.must("kura.signBuild", "hello-2.10-1", "f41")
		key := pick(h.anon.must("kura.listKeys"), "keyid").([]any)[0].(string)[8:]
		path := "packages/hello/2.10/1/data/signed/" + key + "/x86_64/hello-2.10-1.x86_64.rpm"
		var header []byte
		read := func() (found bool) {
			h.update(func(ctx context.Context, tx *db.Tx) error {
				c, err := file.Read(ctx, tx, path)
				if found = err == nil; !found {
					return nil
				}
				f := c.Open(ctx, h.blobs)
				defer f.Close()
				data, err := io.ReadAll(f)
				if err == nil {
					header, err = rpm.Rip(bytes.NewReader(data))
				}
				return err
			})
			return found
		}
		if !read() {
			t.Fatalf("no %s", path)
		}
		h.pat.fault(1004, "admin", "deleteRPMSig", "hello-2.10-1.x86_64", key)
		h.root.fault(1000, "No signature specified", "deleteRPMSig", "hello-2.10-1.x86_64")
		h.root.must("deleteRPMSig", "hello-2.10-1.x86_64", key)
		h.root.fault(1000, "hello-2.10-1.x86_64 has no matching signatures to delete", "deleteRPMSig", "hello-2.10-1.x86_64", key)
		if read() {
			t.Error("the signed copy is still there")
		}
		h.pat.fault(1000, "No cached signature for package hello-2.10-1.x86_64, key "+key, "writeSignedRPM", "hello-2.10-1.x86_64", key)

		text := base64.StdEncoding.EncodeToString(header)
		h.ada.fault(1004, "sign", "addRPMSig", "hello-2.10-1.x86_64", text)
		h.pat.fault(1000, "wrong md5 for hello-2.10-1.src", "addRPMSig", "hello-2.10-1.src", text)
		h.pat.fault(1000, "not base64", "addRPMSig", "hello-2.10-1.x86_64", "?")
		h.pat.fault(1000, "No such rpm: x-1-1.src", "addRPMSig", "x-1-1.src", text)
		h.pat.must("addRPMSig", "hello-2.10-1.x86_64", text)
		id := pick(h.anon.must("getRPM", "hello-2.10-1.x86_64"), "id")
		unwritten := h.anon.must("getRPMChecksums", id, list("md5", "sha256"))
		h.pat.must("writeSignedRPM", id, key)
		if !read() {
			t.Error("the signed copy was not written")
		}
		if diff := cmp.Diff(unwritten, h.anon.must("getRPMChecksums", id, list("md5", "sha256"))); diff != "" {
			t.Errorf("checksums foretold and found: %s", diff)
		}
	})
}

// A package that comes in signed has its signature kept, as Koji does.
func TestSignedPackagesAreImported(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.imported("1")
		h.root.must("kura.createKey", "f41", "ed25519")
		h.root.must("kura.signBuild", "hello-2.10-1", "f41")
		key := pick(h.anon.must("kura.listKeys"), "keyid").([]any)[0].(string)[8:]
		var data []byte
		h.update(func(ctx context.Context, tx *db.Tx) error {
			c, err := file.Read(ctx, tx, "packages/hello/2.10/1/data/signed/"+key+"/src/hello-2.10-1.src.rpm")
			if err != nil {
				return err
			}
			f := c.Open(ctx, h.blobs)
			defer f.Close()
			data, err = io.ReadAll(f)
			return err
		})
		id := h.anon.must("findBuildID", "hello-2.10-1")
		h.root.must("resetBuild", id)
		h.root.must("createEmptyBuild", "hello", "2.10", "1", nil)
		h.uploadTo("import", "hello-2.10-1.src.rpm", data)
		h.root.must("importRPM", "import", "hello-2.10-1.src.rpm")
		if diff := cmp.Diff(any(list(key)), pick(h.anon.must("queryRPMSigs", "hello-2.10-1.src"), "sigkey")); diff != "" {
			t.Error(diff)
		}
		h.pat.must("writeSignedRPM", "hello-2.10-1.src", key)
		h.ada.fault(1002, "is not a host", "host.writeSignedRPM", "hello-2.10-1.src", key)
		h.builder("b1").must("host.writeSignedRPM", "hello-2.10-1.src", key)
		h.builder("b2").fault(1000, "No cached signature", "host.writeSignedRPM", "hello-2.10-1.src", "00000000")
	})
}
