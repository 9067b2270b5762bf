package pom

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]Name{
		`<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>`:                                                                                        {"g", "a", "1"},
		`<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>g</groupId><artifactId>p</artifactId><version>2</version></parent><artifactId>a</artifactId></project>`:   {"g", "a", "2"},
		`<project><dependencies><dependency><groupId>x</groupId></dependency></dependencies><groupId> g </groupId><artifactId>a</artifactId><version>1</version>&copyright;</project>`: {"g", "a", "1"},
	} {
		if got, err := Read(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "<project></project>", "</x>", "<project><groupId>g</groupId><artifactId>a</artifactId></project>", "no xml"} {
		if got, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is called %v", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = Read(strings.NewReader(text)) })
}
