package rpm

import "strings"

// transaction is what dnf says that it would do.
type transaction struct {
	install []row
	remove  []string
}

// row is a line of dnf's table.
type row struct {
	name, arch, evr, repo string
	nevra                 string
}

// sizeUnits are the words that may follow a size.
var sizeUnits = map[string]bool{"k": true, "M": true, "G": true, "T": true, "B": true, "KiB": true, "MiB": true, "GiB": true, "TiB": true}

// parseTransaction reads dnf's table. A row whose columns do not fit is broken
// into several lines, so a section is read word by word: name, arch, version,
// repository, size and, if it is not in bytes, the size's unit.
func parseTransaction(text string) transaction {
	var t transaction
	var section string
	var words []string
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "=") || strings.HasPrefix(trimmed, "replacing "):
		case !strings.HasPrefix(line, " "):
			t.add(section, words)
			section, words = trimmed, nil
		default:
			words = append(words, strings.Fields(trimmed)...)
		}
	}
	t.add(section, words)
	return t
}

func (t *transaction) add(section string, words []string) {
	install := false
	for _, s := range []string{"Installing", "Upgrading", "Downgrading"} {
		install = install || strings.HasPrefix(section, s)
	}
	if !install && !strings.HasPrefix(section, "Removing") || !strings.HasSuffix(section, ":") {
		return
	}
	for len(words) >= 5 {
		r := row{name: words[0], arch: words[1], evr: words[2], repo: words[3]}
		r.nevra = r.name + "-" + r.evr + "." + r.arch
		words = words[5:]
		if len(words) > 0 && sizeUnits[words[0]] {
			words = words[1:]
		}
		if install {
			t.install = append(t.install, r)
		} else {
			t.remove = append(t.remove, r.name+"-"+withoutEpoch(r.evr)+"."+r.arch)
		}
	}
}

func withoutEpoch(evr string) string {
	if _, v, ok := strings.Cut(evr, ":"); ok {
		return v
	}
	return evr
}
