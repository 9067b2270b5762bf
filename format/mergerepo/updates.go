package mergerepo

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// updates is updateinfo.xml, as far as it is looked into.
type updates struct {
	XMLName xml.Name `xml:"updates"`
	Updates []update `xml:"update"`
}

type update struct {
	Attrs []xml.Attr `xml:",any,attr"`
	ID    string     `xml:"id"`
	Inner []byte     `xml:",innerxml"`
}

// mergeUpdates joins lists of updates; of those with one id the first counts.
func mergeUpdates(lists [][]byte) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(xml.Header + "<updates>\n")
	seen := map[string]bool{}
	for _, l := range lists {
		var u updates
		if err := xml.Unmarshal(l, &u); err != nil {
			return nil, fmt.Errorf("reading updateinfo: %w", err)
		}
		for _, one := range u.Updates {
			if one.ID != "" && seen[one.ID] {
				continue
			}
			seen[one.ID] = true
			out.WriteString("  <update")
			for _, a := range one.Attrs {
				out.WriteString(" " + a.Name.Local + `="`)
				_ = xml.EscapeText(&out, []byte(a.Value)) // to memory
				out.WriteString(`"`)
			}
			out.WriteString(">")
			out.Write(one.Inner)
			out.WriteString("</update>\n")
		}
	}
	out.WriteString("</updates>\n")
	return out.Bytes(), nil
}
