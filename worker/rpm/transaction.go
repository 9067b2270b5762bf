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

// parseTransaction reads dnf's table. A row whose columns do not fit is broken
// into several lines, so words are taken six by six: name, arch, version,
// repository, size and its unit.
func parseTransaction(text string) transaction {
	var t transaction
	var section string
	var words []string
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "Transaction Summary"):
			return t
		case trimmed == "" || strings.HasPrefix(trimmed, "=") || strings.HasPrefix(trimmed, "replacing "):
			continue
		case !strings.HasPrefix(line, " "):
			section, words = strings.TrimSuffix(trimmed, ":"), nil
			continue
		}
		words = append(words, strings.Fields(trimmed)...)
		for len(words) >= 6 {
			r := row{name: words[0], arch: words[1], evr: words[2], repo: words[3]}
			r.nevra = r.name + "-" + r.evr + "." + r.arch
			words = words[6:]
			switch {
			case strings.HasPrefix(section, "Installing"), strings.HasPrefix(section, "Upgrading"), strings.HasPrefix(section, "Downgrading"):
				t.install = append(t.install, r)
			case strings.HasPrefix(section, "Removing"):
				t.remove = append(t.remove, r.name+"-"+withoutEpoch(r.evr)+"."+r.arch)
			}
		}
	}
	return t
}

func withoutEpoch(evr string) string {
	if _, v, ok := strings.Cut(evr, ":"); ok {
		return v
	}
	return evr
}
