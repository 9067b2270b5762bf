package rpm

import (
	"slices"
	"strings"
)

// legacySig says where in the signature header stands what rpm shows under
// another tag among those of the main header.
var legacySig = map[Tag]Tag{
	257: SigTagSize, 259: SigTagPGP, 261: SigTagMD5, 262: SigTagGPG, TagArchiveSize: SigTagPayloadSize,
	267: SigTagDSA, 268: SigTagRSA, 269: SigTagSHA1, 270: SigTagLongSize, 271: SigTagLongArchiveSize,
	273: SigTagSHA256, 276: SigTagVerity, 277: SigTagVerityAlgo, 278: SigTagOpenPGP, 279: SigTagSHA3_256,
	5090: SigTagFileSignatures,
}

// Field gives a header's field by rpm's name, in any case, as rpm's Python
// binding would: a string, uint64, []byte, []string, []uint64, or nil if the
// package lacks it (an empty list where a list is expected). ok is false if
// there is no such name.
func (p *Package) Field(name string) (value any, ok bool) {
	name = strings.ToUpper(name)
	if other, ok := tagAliases[name]; ok {
		name = other
	}
	if v, ok := p.derivedField(name); ok {
		return v, true
	}
	n, ok := tagNames[name]
	if !ok {
		return nil, false
	}
	h, tag := p.Header, n.tag
	if s, sig := legacySig[tag]; sig && !h.Has(tag) {
		h, tag = p.Sig, s
	}
	return h.value(tag, n.many), true
}

// FieldNames lists the names of the fields that the package has.
func (p *Package) FieldNames() []string {
	var out []string
	for name, n := range tagNames {
		h, tag := p.Header, n.tag
		if s, sig := legacySig[tag]; sig && !h.Has(tag) {
			h, tag = p.Sig, s
		}
		if h.Has(tag) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (h *Header) value(tag Tag, many bool) any {
	typ, n := h.TypeOf(tag)
	switch {
	case n == 0 && many:
		return []string{}
	case n == 0:
		return nil
	case typ == TypeBinary:
		return h.Bytes(tag)
	case typ == TypeString, typ == TypeStringArray, typ == TypeI18NString:
		if many {
			return h.Strings(tag)
		}
		return h.String(tag)
	case many:
		return h.Ints(tag)
	}
	v, _ := h.Int(tag)
	return v
}

// derivedField gives the fields that rpm computes.
func (p *Package) derivedField(name string) (any, bool) {
	n := p.NEVRA()
	n.Arch = p.Header.String(TagArch)
	evr := strings.TrimPrefix(strings.TrimSuffix(n.String(), "."+n.Arch), n.Name+"-")
	switch name {
	case "NVR":
		return n.NVR(), true
	case "NVRA":
		return n.NVRA(), true
	case "NEVR":
		return n.Name + "-" + evr, true
	case "NEVRA":
		return n.String(), true
	case "EVR":
		return evr, true
	case "EPOCHNUM":
		return uint64(n.EVR().Epoch), true
	case "FILENAMES", "OLDFILENAMES":
		files, err := p.Header.Files()
		if err != nil || len(files) == 0 {
			return []string{}, true
		}
		out := make([]string, len(files))
		for i := range files {
			out[i] = files[i].Path()
		}
		return out, true
	case "LONGSIZE":
		return p.Size(), true
	case "LONGARCHIVESIZE":
		return p.ArchiveSize(), true
	case "LONGFILESIZES":
		if !p.Header.Has(TagLongFileSizes) {
			return p.Header.value(TagFileSizes, true), true
		}
	case "SOURCEPACKAGE":
		// rpm adds the tag to old source packages that lack it.
		if p.IsSource() {
			return uint64(1), true
		}
		return nil, true
	}
	return nil, false
}
