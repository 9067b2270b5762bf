package db

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// kinds are those of tables: what a statement reads, or may change.
type kinds uint8

const (
	// motion is what is written to all the time. It is not counted: what is read
	// of it is never the same for long.
	motion kinds = 1 << iota
	builds
	tagged
	others
	rights
	// altered is counted besides builds or others: what was told of builds that are
	// complete, and of names, is not true any more.
	altered

	countable = builds | tagged | others | rights | altered
)

// kindOf tells of each table what it holds. One that is not here holds others, so
// one that is forgotten costs time and not truth.
var kindOf = map[string]kinds{
	"event": 0, // what one says never changes

	"outbox": motion, "outbox_mark": motion, "certificates": motion,
	"task": motion, "task_count": motion, "task_runs": motion, "task_refusals": motion, "task_notes": motion, "host": motion,
	"node": motion, "part": motion, "repo": motion, "repo_queue": motion, "external_metadata": motion,
	"root_set": motion, "root_set_rpm": motion, "buildroot": motion,
	"build_notifications": motion, "build_notifications_block": motion, "request_keys": motion, "mail": motion,

	"build": builds | altered, "build_types": builds, "build_reservations": builds, "maven_builds": builds, "win_builds": builds,
	"rpminfo": builds | altered, "rpm_header": builds, "rpmsigs": builds,
	"archiveinfo": builds, "maven_archives": builds, "win_archives": builds, "image_archives": builds,
	"archive_components": builds, "archive_rpm_components": builds,
	"buildroot_archives": builds, "buildroot_tools_info": builds,

	"tag_listing": tagged,

	"package": others | altered, "tag": others | altered, "volume": others | altered, "content_generator": others | altered,

	// Who callers are and what they may do: lists name users.
	"users": rights | others | altered, "permissions": rights | others, "user_perms": rights | others, "user_groups": rights | others,
	"sessions": rights | motion, "tokens": rights | motion,
}

func kindsOf(table string) kinds {
	if k, known := kindOf[table]; known {
		return k
	}
	return others
}

// still are changes that leave a kind of their table as it was: those of sessions that
// take no right from anybody (each call that writes notes its number), and names that
// come anew.
var still = map[kinds][]string{
	rights: {
		"UPDATE sessions SET callnum = $1 ", "UPDATE sessions SET update_time = $1 ",
		"INSERT INTO sessions ", "INSERT INTO tokens ",
	},
	altered: {
		"INSERT INTO package ", "INSERT INTO tag ", "INSERT INTO volume ", "INSERT INTO content_generator ", "INSERT INTO users ",
	},
}

// writes finds what writes behind a WITH.
var writes = regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE|MERGE)\b`)

// changesOf tells what a statement may change of that which is counted.
func changesOf(q string) kinds {
	words := strings.Fields(q[:min(len(q), 200)])
	if len(words) > 0 && strings.EqualFold(words[0], "WITH") {
		if writes.MatchString(q) {
			return countable
		}
		return 0
	}
	for i, w := range words {
		switch strings.ToUpper(w) {
		case "SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET":
			if i > 0 {
				return countable
			}
			return 0
		case "UPDATE", "INTO", "FROM":
			if i+1 == len(words) {
				return countable
			}
			name, _, _ := strings.Cut(words[i+1], "(")
			k := kindsOf(name) & countable
			for of, texts := range still {
				if slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(q, s) }) {
					k &^= of
				}
			}
			return k
		case "INSERT", "OR", "IGNORE", "REPLACE", "DELETE":
		default:
			return countable // whatever it is, it may write anything
		}
	}
	return countable
}

// known keeps what was found out about texts that read. They are constants, or put
// together of some, so there are not many; of lists of values there may be.
var (
	known     sync.Map // string to kinds
	knownMany atomic.Int32
)

const knownMost = 4096

// readsOf tells what a statement may read. A word of it that names a table may be
// something else: that costs time and not truth.
func readsOf(q string) kinds {
	if k, found := known.Load(q); found {
		return k.(kinds)
	}
	k := others // of any word that is not known
	for w := range strings.FieldsFuncSeq(q, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		k |= kindOf[w] &^ altered // what is read is of one of the others
	}
	if len(q) <= maxText && knownMany.Load() < knownMost {
		knownMany.Add(1)
		known.Store(q, k)
	}
	return k
}
