package koji

import "testing"

func TestKojisWords(t *testing.T) {
	for _, tt := range []struct{ method, said, want string }{
		{"getTag", "No such tag: f99", "No such tagInfo: 'f99'"},
		{"getTag", "No such tag: 99", "No such tagInfo: 99"},
		{"getTagGroups", "No such tag: f99", "No such entry in table tag: f99"},
		{"listPackages", "No such package: foo", "No such entry in table package: foo"},
		{"packageListAdd", "No such package: foo", "No such package: foo"},
		{"groupPackageListAdd", "No such group: build", "No such entry in table groups: build"},
		{"getGroupMembers", "No such group: people", "No such group: people"},
		{"grantPermission", "No such permission: fly", "No such entry in table permissions: fly"},
		{"getUser", "No such user: o'hara", `No such user: "o'hara"`},
		{"getUser", `No such user: o'"`, `No such user: 'o\'"'`},
		{"tagBuild", "No such build: a-1-1", "No such build: 'a-1-1'"},
		{"importRPM", "No such build: a-1-1, from which a was built: import a first", "No such build: a-1-1, from which a was built: import a first"},
		{"tagBuild", "build a-1-1 already tagged (f41)", "build a-1-1 already tagged (f41)"},
		{"getRepo", "No such repo: 5", "No such repo: 5"},
	} {
		if got := worded(tt.method, tt.said); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.method, got, tt.want)
		}
	}
}
