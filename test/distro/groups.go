package distro

import (
	"encoding/xml"
	"slices"
)

// comps is the groups file of the repository.
type comps struct {
	XMLName xml.Name     `xml:"comps"`
	Groups  []compsGroup `xml:"group"`
}

type compsGroup struct {
	ID          string     `xml:"id"`
	Name        string     `xml:"name"`
	Description string     `xml:"description"`
	Default     bool       `xml:"default"`
	Visible     bool       `xml:"uservisible"`
	Packages    []compsReq `xml:"packagelist>packagereq"`
}

type compsReq struct {
	Type string `xml:"type,attr"`
	Name string `xml:",chardata"`
}

// Groups are the distribution's package groups: what a tag's groups "build" and
// "srpm-build" are to hold, by RPM names.
func Groups() map[string][]string {
	common := []string{"redhat-rpm-config", "distro-release", "setup", "filesystem"}
	build := members(buildSeeds, append(common, "which", "glibc-minimal-langpack"))
	return map[string][]string{
		"build":          build,
		"srpm-build":     members(srpmSeeds, common),
		"buildsys-build": build, // mock's name for it
		"core":           {"bash", "coreutils", "distro-release"},
	}
}

func members(seeds, more []string) []string {
	all := slices.Clone(more)
	for _, s := range seeds {
		if s != "debianutils" { // asked for as "which"
			all = append(all, rpmName(s))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func compsXML() ([]byte, error) {
	c, groups := comps{}, Groups()
	for _, id := range []string{"build", "srpm-build", "buildsys-build", "core"} {
		g := compsGroup{ID: id, Name: id, Description: id, Visible: true}
		for _, m := range groups[id] {
			g.Packages = append(g.Packages, compsReq{"mandatory", m})
		}
		c.Groups = append(c.Groups, g)
	}
	b, err := xml.MarshalIndent(c, "", "  ")
	return append([]byte(xml.Header), append(b, '\n')...), err
}
