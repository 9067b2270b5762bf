package signer

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	maxRepomd     = 1 << 20
	repomdSpace   = "http://linux.duke.edu/metadata/repo"
	maxRepomdData = 200
)

type repomdFile struct {
	Type     string `xml:"type,attr"`
	Checksum struct {
		Type  string `xml:"type,attr"`
		Value string `xml:",chardata"`
	} `xml:"checksum"`
	Location struct {
		Href string `xml:"href,attr"`
	} `xml:"location"`
}

// checkRepomd makes sure that what is signed as metadata can be taken for
// nothing else, and vouches for its files by strong checksums.
func checkRepomd(data []byte) error {
	if len(data) > maxRepomd {
		return refuse(kindTooLarge, "the metadata has %d bytes; a repomd.xml has no more than %d", len(data), maxRepomd)
	}
	if err := readRepomd(data); err != nil {
		return refuse(kindInvalid, "the metadata is not a repomd.xml that can be signed: %v", err)
	}
	return nil
}

func readRepomd(data []byte) error {
	if err := onlyElements(data); err != nil {
		return err
	}
	var doc struct {
		XMLName xml.Name
		Data    []repomdFile `xml:"data"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return err
	}
	if doc.XMLName.Local != "repomd" || doc.XMLName.Space != repomdSpace {
		return fmt.Errorf("its root is %q of %q", doc.XMLName.Local, doc.XMLName.Space)
	}
	if len(doc.Data) == 0 || len(doc.Data) > maxRepomdData {
		return fmt.Errorf("it names %d files", len(doc.Data))
	}
	for _, f := range doc.Data {
		if err := checkRepomdFile(f); err != nil {
			return fmt.Errorf("file %q: %w", short(f.Type, 60), err)
		}
	}
	return nil
}

// onlyElements refuses what XML has beyond elements: a document type brings
// entities, and after the root there is nothing.
func onlyElements(data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	depth, roots := 0, 0
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			if roots != 1 || depth != 0 {
				return errors.New("it has not exactly one root element")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if depth > 8 {
				return errors.New("it is nested too deeply")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("it has a document type")
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("it has the instruction %q", short(t.Target, 60))
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return errors.New("there is text outside its root element")
			}
		}
	}
}

func checkRepomdFile(f repomdFile) error {
	size := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[f.Checksum.Type]
	if size == 0 {
		return fmt.Errorf("a checksum of type %q is too weak: use sha256", short(f.Checksum.Type, 20))
	}
	if sum, err := hex.DecodeString(strings.TrimSpace(f.Checksum.Value)); err != nil || len(sum) != size {
		return fmt.Errorf("its checksum is not a %s", f.Checksum.Type)
	}
	href := f.Location.Href
	if href == "" || path.IsAbs(href) || strings.HasPrefix(path.Clean(href), "..") || strings.ContainsAny(href, ":\\\x00") {
		return fmt.Errorf("its location %q leaves the repository", short(href, 100))
	}
	return nil
}
