package repomd

import (
	"encoding/xml"
	"fmt"
)

// Marshal is repomd.xml.
func (md *Repomd) Marshal() []byte {
	w := new(writer)
	w.raw(xml.Header + "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n")
	w.element("  ", "revision", md.Revision)
	md.tags(w)
	for _, d := range md.Data {
		sum := d.ChecksumType
		if sum == "" {
			sum = "sha256"
		}
		w.raw("  <data")
		w.attr("type", d.Type)
		w.raw(">\n    <checksum")
		w.attr("type", sum)
		w.raw(">" + d.Checksum + "</checksum>\n")
		if d.OpenChecksum != "" {
			w.raw("    <open-checksum")
			w.attr("type", sum)
			w.raw(">" + d.OpenChecksum + "</open-checksum>\n")
		}
		w.raw("    <location")
		w.attr("href", d.Href)
		w.b = fmt.Appendf(w.b, "/>\n    <timestamp>%d</timestamp>\n    <size>%d</size>\n", d.Timestamp, d.Size)
		if d.OpenChecksum != "" {
			w.b = fmt.Appendf(w.b, "    <open-size>%d</open-size>\n", d.OpenSize)
		}
		if d.Database != 0 {
			w.b = fmt.Appendf(w.b, "    <database_version>%d</database_version>\n", d.Database)
		}
		w.raw("  </data>\n")
	}
	w.raw("</repomd>\n")
	return w.b
}

func (md *Repomd) tags(w *writer) {
	t := md.Tags
	if len(t.Content)+len(t.Repo)+len(t.Distro) == 0 {
		return
	}
	w.raw("  <tags>\n")
	for _, s := range t.Content {
		w.element("    ", "content", s)
	}
	for _, s := range t.Repo {
		w.element("    ", "repo", s)
	}
	for _, d := range t.Distro {
		w.raw("    <distro")
		if d.CPE != "" {
			w.attr("cpeid", d.CPE)
		}
		w.raw(">")
		w.text(d.Text)
		w.raw("</distro>\n")
	}
	w.raw("  </tags>\n")
}
