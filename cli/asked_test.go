package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What commands ask of the hub, where their words do not show it.
func TestWhatIsAskedOfTheHub(t *testing.T) {
	for _, c := range []struct {
		args, method string
		want         []any
		keys         m
	}{
		{"sidetag add f43-build --suffix gate --debuginfo", "createSideTag", l{"f43-build"}, m{"debuginfo": true, "suffix": "gate"}},
		{"sidetag list --base f43 --user ann", "listSideTags", l{}, m{"basetag": "f43", "user": int64(3)}},
		{"sidetag edit s --no-debuginfo --macro dist=.x --remove-macro a -x k=1 -r b", "editSideTag", l{"s"},
			m{"debuginfo": false, "rpm_macros": m{"dist": ".x"}, "remove_rpm_macros": l{"a"}, "extra": m{"k": int64(1)}, "remove_extra": l{"b"}}},
		{"search packages a.* --regex -n 5", "search", l{"a.*", "package", "regexp"}, m{"queryOpts": m{"order": "name", "limit": int64(5)}}},
		{"history --target f43 --repo ga --setting 7 --by ann --before 1970-01-02 --after-event 4", "queryHistory", l{},
			m{"build_target": "f43", "external_repo": "ga", "xkey": "7", "editor": "ann", "before": 86400.0, "afterEvent": int64(4)}},
		{"history --active", "queryHistory", l{}, nil},
		{"notification add --package bash --tag f43-build --user ann", "createNotification", l{int64(3), int64(5), int64(9), false}, nil},
		{"notification add --all --success-only", "createNotification", l{int64(3), nil, nil, true}, nil},
		{"notification block --package bash", "createNotificationBlock", l{int64(3), int64(5), nil}, nil},
		{"notification edit 7 --any-package", "updateNotification", l{int64(7), nil, int64(9), true}, nil},
		{"notification edit 7 --no-success-only", "updateNotification", l{int64(7), int64(5), int64(9), false}, nil},
		{"promote zsh-5.9-2.fc43,draft_79 --force", "promoteBuild", l{int64(79)}, m{"force": true}},
		{"chain f43 bash-5.3-1.fc43 : git+https://h/a git+https://h/b --nowait --background", "chainBuild",
			l{l{l{"bash-5.3-1.fc43"}, l{"git+https://h/a", "git+https://h/b"}}, "f43", m{}, int64(5)}, nil},
		{"task free 16", "freeTask", l{int64(16)}, nil},
		{"task priority 16 --to 10", "setTaskPriority", l{int64(16), int64(10), true}, nil},
		{"task priority 16 --to 0 --just-one", "setTaskPriority", l{int64(16), int64(0), false}, nil},
		{"task assign 16 b1 --force", "assignTask", l{int64(16), "b1"}, m{"force": true, "override": false}},
		{"channel list --disabled", "listChannels", l{}, m{"enabled": false}},
		{"channel edit big --description=", "editChannel", l{"big"}, m{"description": ""}},
		{"channel disable big --comment x", "disableChannel", l{"big"}, m{"comment": "x"}},
		{"host join b1 nothing --new --force", "addHostToChannel", l{"b1", "nothing"}, m{"create": true, "force": true}},
		{"host leave b1 big", "removeHostFromChannel", l{"b1", "big"}, nil},
		{"repo request f43 --event 7 --debuginfo --priority -5 --nowait", "repo.request", l{"f43"},
			m{"at_event": int64(7), "opts": m{"debuginfo": true}, "priority": int64(-5)}},
		{"repo request f43 --force --nowait", "repo.request", l{"f43"}, m{"min_event": "last", "force": true}},
		{"repo queue f43", "repo.queryQueue", l{l{l{"active", "IS", true}, l{"tag_id", "=", int64(9)}}, "**", m{"order": "-id", "limit": int64(50)}}, nil},
		{"archive list bash-5.3-1.fc43 --type image", "listArchives", l{}, m{"buildID": int64(77), "type": "image"}},
		{"volume move archive bash-5.3-1.fc43", "changeBuildVolume", l{int64(77), "archive"}, nil},
	} {
		t.Run(c.args, func(t *testing.T) {
			b := newBench(t)
			record(b.hub)
			if got := b.run(strings.Fields(c.args)...); got != exitOK {
				t.Fatalf("exit status %d\n%s", got, b.output())
			}
			calls := b.hub.Called(c.method)
			if len(calls) != 1 {
				t.Fatalf("%d calls of %s", len(calls), c.method)
			}
			if len(c.want) > 0 || len(calls[0].Args) > 0 {
				if d := cmp.Diff(c.want, calls[0].Args); d != "" {
					t.Error(d)
				}
			}
			if len(c.keys) > 0 || len(calls[0].Keys) > 0 {
				if d := cmp.Diff(c.keys, calls[0].Keys); d != "" {
					t.Error(d)
				}
			}
		})
	}
}
