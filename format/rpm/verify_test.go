package rpm

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestVerifyAcceptsUnharmedPackages(t *testing.T) {
	for _, file := range corpus(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Verify(bytes.NewReader(b), int64(len(b)))
		if strings.Contains(file, "corrupted") {
			if err == nil {
				t.Errorf("%s: a package with a shortened payload is taken for good", file)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		t.Logf("%s: %s", c.NEVRA(), strings.Join(c.Digests, ", "))
	}
}

func TestVerifyNamesTheDamage(t *testing.T) {
	good := encode(t, sample())
	p, _ := Read(bytes.NewReader(good))
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	name := bytes.Index(good[p.HeaderStart:], []byte("sample\x00")) + int(p.HeaderStart)
	for want, b := range map[string][]byte{
		"cut short: ":                             good[:len(good)-10],
		"3 bytes follow the end":                  append(bytes.Clone(good), 1, 2, 3),
		"header was changed or damaged":           flip(name),
		"payload was changed or damaged: its MD5": flip(len(good) - 5),
		"the file ends inside":                    good[:p.HeaderEnd-1],
	} {
		if _, err := Verify(bytes.NewReader(b), -1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestVerifyComparesTheAnnouncedSize(t *testing.T) {
	_, err := Verify(bytes.NewReader(encode(t, sample())), 1)
	if err == nil || !strings.Contains(err.Error(), "and not the 1 announced") {
		t.Errorf("a wrong size: %v", err)
	}
}

func TestVerifyRefusesWhatNothingCovers(t *testing.T) {
	good := encode(t, sample())
	p, _ := Read(bytes.NewReader(good))
	b := p.Sig.builder()
	for _, tag := range []Tag{SigTagSHA1, SigTagSHA256, SigTagMD5} {
		b.Delete(tag)
	}
	file := bytes.Join([][]byte{good[:leadSize], pad8(b.Encode(TagHeaderSignatures)), good[p.HeaderStart:]}, nil)
	if _, err := Verify(bytes.NewReader(file), -1); err == nil || !strings.Contains(err.Error(), "cannot be checked") {
		t.Errorf("a package without digests of its header: %v", err)
	}
}

// TestVerifyFindsEveryFlippedBit flips any bit of header or payload, and cuts
// at any place.
func TestVerifyFindsEveryFlippedBit(t *testing.T) {
	good := encode(t, sample())
	p, _ := Read(bytes.NewReader(good))
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(int(p.HeaderStart), len(good)-1).Draw(t, "at")
		b := bytes.Clone(good)
		b[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := Verify(bytes.NewReader(b), -1); err == nil {
			t.Errorf("a flipped bit at %d is not found", at)
		}
		if _, err := Verify(bytes.NewReader(good[:at]), -1); err == nil {
			t.Errorf("the end missing from %d is not found", at)
		}
	})
}
