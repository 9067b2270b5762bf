package repodiff

import (
	"encoding/xml"
	"strings"
)

func none(xml.StartElement) {}

// Wanted is a difference that is meant to be.
type Wanted struct {
	Why string
	Is  func(Difference) bool
}

// OldCreaterepo are the differences from createrepo_c 0.17, which Debian 12 has.
// Later ones do as kura does.
var OldCreaterepo = []Wanted{
	{"createrepo_c 0.17 does not know that what scripts around a transaction require comes first", func(d Difference) bool {
		return strings.Contains(d.A, "/requires/entry ") && d.A == strings.Replace(d.B, ` "pre=1"`, "", 1)
	}},
	{"createrepo_c 0.17 cannot read the sizes that rpm 6 writes", func(d Difference) bool {
		return strings.HasPrefix(d.A, "/package/size ") && strings.Contains(d.A, `"archive=0"`)
	}},
}

// Clearer are differences in which kura says what createrepo_c does not.
var Clearer = []Wanted{
	{"createrepo_c leaves out packages whose texts hold control characters; kura leaves out the characters", func(d Difference) bool {
		return d.List == "primary" && d.A == "" && strings.Contains(d.B, "lists control-")
	}},
}
