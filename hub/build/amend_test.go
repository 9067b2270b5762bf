package build

import "testing"

func TestReleasesAreCountedUp(t *testing.T) {
	for release, want := range map[string]string{"": "1", "7": "8", "8.fc41": "9.fc41", "20240101.n.1": "20240101.n.2"} {
		if got, err := countUp(release, 1); got != want || err != nil {
			t.Errorf("%q: %q, %v", release, got, err)
		}
	}
	for _, release := range []string{"beta.1", "a.b.c", "1.2.3.4", "x"} {
		if got, err := countUp(release, 1); err == nil {
			t.Errorf("%q became %q", release, got)
		}
	}
}
