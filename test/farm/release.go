package farm

import (
	"fmt"

	"github.com/kura-build/kura/client"
)

// Releases are the calls that make the tags and targets of six releases.
func Releases() (all []client.Invocation) {
	for n := 40; n <= 45; n++ {
		f := fmt.Sprintf("f%d", n)
		all = append(all,
			client.Do("createTag", f, client.Keywords{"arches": "x86_64 aarch64 ppc64le s390x"}),
			client.Do("createTag", f+"-updates", client.Keywords{"parent": f}),
			client.Do("createTag", f+"-updates-candidate", client.Keywords{"parent": f + "-updates"}),
			client.Do("createTag", f+"-build", client.Keywords{"parent": f + "-updates", "arches": "x86_64 aarch64 ppc64le s390x"}),
			client.Do("createBuildTarget", f, f+"-build", f+"-updates-candidate"),
			client.Do("createBuildTarget", f+"-candidate", f+"-build", f+"-updates-candidate"),
			client.Do("groupListAdd", f+"-build", "build"),
			client.Do("groupPackageListAdd", f+"-build", "build", "bash"))
	}
	return all
}
