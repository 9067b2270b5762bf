package distro

import (
	"bytes"
	"debug/elf"
	"strings"
)

// optionalLibraries are needed by plugins whose package only recommends them.
var optionalLibraries = map[string]bool{"libatm.so.1": true}

// sonames are the dependencies of a 64-bit ELF file on libraries and versions
// of their symbols, in the words of rpm: "libc.so.6(GLIBC_2.34)(64bit)".
// A file that is no proper ELF file has none.
func sonames(f file) (provides, requires []dep) {
	e, err := elf.NewFile(bytes.NewReader(f.content))
	if err != nil || e.Class != elf.ELFCLASS64 || (e.Type != elf.ET_DYN && e.Type != elf.ET_EXEC) {
		return nil, nil
	}
	word := func(lib, version string) dep { return dep{Name: lib + "(" + version + ")(64bit)"} }
	if names, _ := e.DynString(elf.DT_SONAME); len(names) > 0 && isLibraryPath(f.path) {
		soname := names[0]
		provides = append(provides, word(soname, ""))
		if versions, err := e.DynamicVersions(); err == nil {
			for _, v := range versions {
				if v.Flags&elf.VER_FLG_BASE == 0 {
					provides = append(provides, word(soname, v.Name))
				}
			}
		}
	}
	needed, _ := e.ImportedLibraries()
	for _, lib := range needed {
		if !strings.Contains(lib, "/") && !optionalLibraries[lib] {
			requires = append(requires, word(lib, ""))
		}
	}
	if needs, err := e.DynamicVersionNeeds(); err == nil {
		for _, n := range needs {
			for _, v := range n.Needs {
				if !optionalLibraries[n.Name] {
					requires = append(requires, word(n.Name, v.Dep))
				}
			}
		}
	}
	if e.Section(".gnu.hash") != nil && e.Section(".hash") == nil && len(needed) > 0 {
		requires = append(requires, dep{Name: "rtld(GNU_HASH)"})
	}
	return provides, requires
}
