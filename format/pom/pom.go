// Package pom reads how Maven calls what a .pom file describes.
package pom

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Name is a group, an artifact of it, and a version.
type Name struct{ Group, Artifact, Version string }

// Read gives the name in a .pom file. What the project does not say of itself
// is as its parent has it, as Koji reads it.
func Read(r io.Reader) (n Name, err error) {
	d := xml.NewDecoder(r)
	d.Strict = false // pom files use entities that nobody declares
	d.Entity = map[string]string{}
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []string
	var text strings.Builder
	got := map[string]string{}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, fmt.Errorf("no pom file: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(path) == 0 {
				return n, errors.New("no pom file: an element ends that did not begin")
			}
			at := strings.Join(path, "/")
			if _, ok := got[at]; !ok {
				got[at] = strings.TrimSpace(text.String())
			}
			path = path[:len(path)-1]
			text.Reset()
		}
	}
	first := func(name string) string {
		if v := got["project/"+name]; v != "" {
			return v
		}
		return got["project/parent/"+name]
	}
	n = Name{first("groupId"), first("artifactId"), first("version")}
	for _, f := range [][2]string{{"groupId", n.Group}, {"artifactId", n.Artifact}, {"version", n.Version}} {
		if f[1] == "" {
			return n, fmt.Errorf("could not extract %s from POM", f[0])
		}
	}
	return n, nil
}
