package account

import (
	"testing"

	"github.com/kura-build/kura"
)

func TestNamesThatLeadElsewhere(t *testing.T) {
	for _, name := range []string{"f43", "f43/updates", "a..b", ".hidden", "c++"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "..", "../x", "a/../b", "a/./b", "a//b", "/a", "a/", "a b", "a\nb"} {
		if err := CheckName(name); !kura.Is(err, kura.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
