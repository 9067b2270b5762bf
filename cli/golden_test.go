package cli

import (
	"strings"
	"testing"
)

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
	}{
		{"builds", 0},
		{"builds --package nothing", 3},
		{"show bash-5.3-1.fc43", 0},
		{"show nothing", 3},
		{"rpm bash-5.3-1.fc43.x86_64", 0},
		{"tasks --all", 0},
		{"task 12", 0},
		{"task 404", 3},
		{"watch 12", 5},
		{"logs 12", 0},
		{"why 16", 0},
		{"why 12", 0},
		{"cancel 16", 0},
		{"cancel 12", 1},
		{"tag list", 0},
		{"tag info f43-build", 0},
		{"tag builds f43 --latest --inherit", 0},
		{"tag builds f43 --rpms", 0},
		{"tag packages f43", 0},
		{"tag inherit f43-build", 0},
		{"tag inherit f43-build --add f42", 0},
		{"tag create f44 --arch x86_64 -x rpm.macro.dist=.fc44", 0},
		{"tag edit f43", 2},
		{"tag remove f43 bash-5.3-1.fc43", 0},
		{"tag bild", 2},
		{"target list", 0},
		{"target create f44 f44-build", 0},
		{"package add f43 bash zsh --owner ann", 0},
		{"group list f43-build", 0},
		{"external-repo list --tag f43-build", 0},
		{"external-repo attach ga f43-build", 0},
		{"host list", 0},
		{"host info builder1.example", 0},
		{"host disable builder1.example --comment broken", 0},
		{"host join builder1.example createrepo", 0},
		{"host join builder1.example nothing", 3},
		{"host leave builder1.example createrepo", 0},
		{"channel list", 0},
		{"channel add big --description memory", 0},
		{"channel edit default --rename usual", 0},
		{"channel edit default", 2},
		{"channel disable default --comment disks", 0},
		{"channel enable nothing", 3},
		{"sidetag add f43-build --suffix gate", 0},
		{"sidetag add f43-build -q", 0},
		{"sidetag list --mine", 0},
		{"sidetag edit f43-build-side-9 --macro dist=.fc43", 0},
		{"sidetag edit f43-build-side-9", 2},
		{"sidetag remove f43-build-side-9 f43-build-side-8", 0},
		{"sidetag remove f43", 1},
		{"search package py*", 0},
		{"search builds ^bash- --regex", 0},
		{"search tag nothing --exact", 0},
		{"search file x", 2},
		{"history --tag f43", 0},
		{"history --tag f43 --active --events", 0},
		{"history --by ann --after-event 103", 0},
		{"history", 2},
		{"history --tag f99", 3},
		{"notification list", 0},
		{"notification add --package bash --success-only", 0},
		{"notification add", 2},
		{"notification edit 7 --any-package", 0},
		{"notification edit 404 --any-package", 3},
		{"notification edit 7", 2},
		{"notification remove 7", 0},
		{"notification remove 99", 3},
		{"notification remove bash", 2},
		{"notification block --tag f43-build", 0},
		{"notification unblock 9", 0},
		{"promote zsh-5.9-2.fc43,draft_79", 0},
		{"promote nothing", 3},
		{"task resubmit 12 --nowait", 0},
		{"task resubmit 404", 3},
		{"task free 16", 0},
		{"task free 12", 1},
		{"task priority 16 --to 10", 0},
		{"task priority 16", 2},
		{"task assign 16 builder1.example", 0},
		{"task assign 12 builder1.example", 1},
		{"repo list", 0},
		{"repo list f43-build --state ready", 0},
		{"repo list --state gone", 2},
		{"repo show 33", 0},
		{"repo show 404", 3},
		{"repo show f43-build", 2},
		{"repo queue", 0},
		{"repo request f43-build --nowait", 0},
		{"archive list bash-5.3-1.fc43", 0},
		{"archive list image-43-1", 0},
		{"volume list", 0},
		{"volume add archive", 0},
		{"volume move archive bash-5.3-1.fc43", 0},
		{"volume move archive nothing", 3},
		{"chain f43 git+https://src.example/a#main : git+https://src.example/b#main --nowait", 0},
		{"chain f43 bash-5.3-1.fc43 : git+https://src.example/b#main --nowait", 0},
		{"chain f43 nothing : git+https://src.example/b#main", 3},
		{"chain f43 git+https://src.example/a#main git+https://src.example/b#main git+https://src.example/c#main", 2},
		{"chain odd git+https://src.example/a#main : git+https://src.example/b#main", 1},
		{"user list", 0},
		{"user info ann", 0},
		{"user grant tag ben", 0},
		{"key list", 0},
		{"key show release", 0},
		{"key create release", 0},
		{"sign bash-5.3-1.fc43 --key release", 0},
		{"sign bash-5.3-1.fc43", 2},
		{"hello", 0},
		{"version --client", 0},
		{"build f43 no-such-file.src.rpm", 2},
		{"build f43 git+https://src.example/bash#main --arch x86_64", 2},
		{"dist-repo f43", 2},
		{"wach 12", 2},
		{"watch twelve", 2},
		{"watch --frobnicate 12", 2},
	} {
		for _, form := range []string{"txt", "json"} {
			t.Run(c.args+" "+form, func(t *testing.T) {
				b := newBench(t)
				record(b.hub)
				args := strings.Fields(c.args)
				if form == "json" {
					if c.status != 0 && c.status != 5 {
						return // what went wrong is a sentence in both forms
					}
					args = append(args, "--json")
				}
				if got := b.run(args...); got != c.status {
					t.Errorf("exit status %d, want %d\n%s", got, c.status, b.output())
				}
				name := strings.NewReplacer(" ", "_", "/", "_", ":", "", "#", "", "--", "", "*", "", "^", "").Replace(c.args)
				golden(t, name+"."+form, b.output())
			})
		}
	}
}
