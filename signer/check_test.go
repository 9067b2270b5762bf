package signer

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kura-build/kura/format/rpm"
)

// made encodes a header of the tags that every package has, changed.
func made(change func(*rpm.HeaderBuilder)) []byte {
	var b rpm.HeaderBuilder
	b.SetString(rpm.TagName, "a")
	b.SetString(rpm.TagVersion, "1")
	b.SetString(rpm.TagRelease, "2")
	b.SetString(rpm.TagArch, "noarch")
	b.SetString(rpm.TagSourceRPM, "a-1-2.src.rpm")
	b.SetStrings(rpm.TagPayloadDigest, strings.Repeat("0", 64))
	b.SetInt32(rpm.TagPayloadDigestAlgo, 8)
	if change != nil {
		change(&b)
	}
	return b.Encode(rpm.TagHeaderImmutable)
}

func TestHeadersThatAreNotSigned(t *testing.T) {
	const nvra = "a-1-2.noarch"
	if err := checkHeader(made(nil), nvra, false); err != nil {
		t.Fatal(err)
	}
	noRegion := made(nil)
	noRegion[16+3] = 62 // claims to be a signature header
	for name, c := range map[string]struct {
		data []byte
		kind string
	}{
		"empty":          {nil, kindInvalid},
		"text":           {[]byte(goodRepomd), kindInvalid},
		"cut":            {made(nil)[:100], kindInvalid},
		"padded":         {append(made(nil), 0), kindInvalid},
		"no region":      {noRegion, kindInvalid},
		"weak digest":    {made(func(b *rpm.HeaderBuilder) { b.SetInt32(rpm.TagPayloadDigestAlgo, 1) }), kindDenied},
		"sha1 digest":    {made(func(b *rpm.HeaderBuilder) { b.SetInt32(rpm.TagPayloadDigestAlgo, 2) }), kindDenied},
		"short digest":   {made(func(b *rpm.HeaderBuilder) { b.SetStrings(rpm.TagPayloadDigest, "00") }), kindDenied},
		"no digest":      {made(func(b *rpm.HeaderBuilder) { b.Delete(rpm.TagPayloadDigest) }), kindDenied},
		"source package": {made(func(b *rpm.HeaderBuilder) { b.Delete(rpm.TagSourceRPM) }), kindDenied},
		"other name":     {made(func(b *rpm.HeaderBuilder) { b.SetString(rpm.TagName, "b") }), kindDenied},
		"other release":  {made(func(b *rpm.HeaderBuilder) { b.SetString(rpm.TagRelease, "3") }), kindDenied},
		"no name":        {made(func(b *rpm.HeaderBuilder) { b.Delete(rpm.TagName) }), kindDenied},
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, checkHeader(c.data, nvra, false), c.kind) })
	}
	old := made(func(b *rpm.HeaderBuilder) { b.Delete(rpm.TagPayloadDigest) })
	if err := checkHeader(old, nvra, true); err != nil {
		t.Errorf("an old package, where they are allowed: %v", err)
	}
	weak := made(func(b *rpm.HeaderBuilder) { b.SetInt32(rpm.TagPayloadDigestAlgo, 1) })
	wantKind(t, checkHeader(weak, nvra, true), kindDenied)
}

func TestMetadataThatIsNotSigned(t *testing.T) {
	if err := checkRepomd([]byte(goodRepomd)); err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) string { return strings.Replace(goodRepomd, old, new, 1) }
	for name, text := range map[string]string{
		"empty":        "",
		"text":         "I owe you 5 pounds",
		"other root":   `<metadata xmlns="http://linux.duke.edu/metadata/repo"/>`,
		"other space":  edit("metadata/repo", "metadata/common"),
		"doctype":      edit("<repomd", `<!DOCTYPE r [<!ENTITY a "b">]><repomd`),
		"instruction":  edit("<repomd", "<?php evil ?><repomd"),
		"trailing":     goodRepomd + "text",
		"two roots":    goodRepomd + "<repomd/>",
		"weak":         edit(`"sha256"`, `"sha"`),
		"md5":          edit(`"sha256"`, `"md5"`),
		"bad checksum": edit("e3b0c442", "zzzzzzzz"),
		"absolute":     edit("repodata/e3b0", "/etc/e3b0"),
		"outside":      edit("repodata/e3b0", "repodata/../../e3b0"),
		"url":          edit("repodata/e3b0", "http://evil.example/e3b0"),
		"no files":     `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision></repomd>`,
		"deep":         edit("<revision>", strings.Repeat("<a>", 50)+strings.Repeat("</a>", 50)+"<revision>"),
		"cut":          goodRepomd[:len(goodRepomd)/2],
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, checkRepomd([]byte(text)), kindInvalid) })
	}
	wantKind(t, checkRepomd(bytes.Repeat([]byte(" "), maxRepomd+1)), kindTooLarge)
}

func FuzzCheckHeader(f *testing.F) {
	f.Add(made(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkHeader(data, "b-1-1.noarch", true) == nil {
			if h, err := rpm.ParseHeader(data); err != nil || h.String(rpm.TagName) != "b" {
				t.Error("a header of another package passes")
			}
		}
	})
}

func FuzzCheckRepomd(f *testing.F) {
	f.Add([]byte(goodRepomd))
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkRepomd(data) == nil && !bytes.Contains(data, []byte("repomd")) {
			t.Errorf("this passes for a repomd.xml: %q", data)
		}
	})
}

func FuzzAuthorisation(f *testing.F) {
	f.Add([]byte(`{"operation":"sign-package","key":"k","build":1,"nvra":"a-1-1.noarch","sha256":"","decision":"d","expires":1,"nonce":""}`))
	f.Fuzz(func(t *testing.T, body []byte) { allowNothing(t, body) })
}
