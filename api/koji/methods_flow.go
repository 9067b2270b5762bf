package koji

// Calls that start tasks.
var flowMethods = []Method{
	{Name: "build", Python: "RootExports.build(self, src, target, opts=None, priority=None, channel=None)", Needs: Login, Mode: Write},
	{Name: "buildImage", Python: "RootExports.buildImage(self, name, version, arch, target, ksfile, img_type, opts=None, priority=None)", Needs: Perm("livecd", "appliance", "livemedia"), Mode: Write},
	{Name: "buildImageIndirection", Python: "RootExports.buildImageIndirection(self, opts=None, priority=None)", Needs: Perm("image"), Mode: Write},
	{Name: "buildImageOz", Python: "RootExports.buildImageOz(self, name, version, arches, target, inst_tree, opts=None, priority=None)", Needs: Perm("image"), Mode: Write},
	{Name: "chainBuild", Python: "RootExports.chainBuild(self, srcs, target, opts=None, priority=None, channel=None)", Needs: Login, Mode: Write},
	{Name: "chainMaven", Python: "RootExports.chainMaven(self, builds, target, opts=None, priority=None, channel='maven')", Needs: Login, Mode: Write},
	{Name: "dudBuild", Python: "dudBuild(dud_name, dud_version, arches, target, pkg_list, optional_arches=None, scratch=False, alldeps=False, scmurl=None, priority=None)", Needs: Perm("image"), Mode: Write},
	{Name: "kiwiBuild", Python: "kiwiBuild(target, arches, desc_url, desc_path, optional_arches=None, profile=None, scratch=False, priority=None, make_prep=False, repos=None, release=None, type=None, type_attr=None, result_bundle_name_format=None, use_buildroot_repo=True, version=None, repo_releasever=None)", Needs: Perm("image"), Mode: Write},
	{Name: "makeTask", Python: "RootExports.makeTask(self, *args, **opts)", Needs: Perm("admin"), Mode: Write},
	{Name: "mavenBuild", Python: "RootExports.mavenBuild(self, url, target, opts=None, priority=None, channel='maven')", Needs: Login, Mode: Write},
	{Name: "mergeScratch", Python: "RootExports.mergeScratch(self, task_id)", Needs: Perm("admin"), Mode: Apart},
	{Name: "osbuildImage", Python: "osbuildImage(name, version, distro, image_type, target, arches, opts=None, priority=None)", Needs: Perm("image"), Mode: Write},
	{Name: "resubmitTask", Python: "RootExports.resubmitTask(self, taskID)", Needs: Login, Mode: Write},
	{Name: "runroot", Python: "runroot(tagInfo, arch, command, channel=None, **opts)", Needs: Perm("runroot"), Mode: Write},
	{Name: "saveFailedTree", Python: "saveFailedTree(buildrootID, full=False, **opts)", Needs: Login, Mode: Write},
	{Name: "winBuild", Python: "RootExports.winBuild(self, vm, url, target, opts=None, priority=None, channel='vm')", Needs: Policy, Mode: Write},
	{Name: "wrapperRPM", Python: "RootExports.wrapperRPM(self, build, url, target, priority=None, channel='maven', opts=None)", Needs: Login, Mode: Write},
}
