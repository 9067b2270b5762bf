package koji

// Repositories.
var repoMethods = []Method{
	{Name: "distRepo", Python: "RootExports.distRepo(self, tag, keys, **task_opts)", Needs: Policy, Mode: Write},
	{Name: "getActiveRepos", Python: "get_active_repos()", Needs: Anonymous, Mode: Read, Once: true},
	{Name: "getRepo", Python: "old_get_repo(tag, state=None, event=None, dist=False, min_event=None)", Needs: Anonymous, Mode: Read},
	{Name: "newRepo", Python: "RootExports.newRepo(self, tag, event=None, src=False, debuginfo=False, separate_src=False)", Needs: Perm("repo", "regen-repo"), Mode: Write},
	{Name: "repo.autoRequests", Python: "RepoExports.autoRequests(self)", Needs: Perm("repo"), Mode: Write},
	{Name: "repo.checkQueue", Python: "RepoExports.checkQueue(self)", Needs: Perm("repo"), Mode: Write},
	{Name: "repo.checkRequest", Python: "check_repo_request(req_id)", Needs: Anonymous, Mode: Read},
	{Name: "repo.get", Python: "get_repo(tag, min_event=None, at_event=None, opts=None)", Needs: Anonymous, Mode: Read},
	{Name: "repo.getExternalRepoData", Python: "get_external_repo_data(erepo)", Needs: Anonymous, Mode: Read},
	{Name: "repo.query", Python: "RepoExports.query(self, clauses, fields=None, opts=None)", Needs: Anonymous, Mode: Read},
	{Name: "repo.queryQueue", Python: "RepoExports.queryQueue(self, clauses=None, fields=None, opts=None)", Needs: Anonymous, Mode: Read},
	{Name: "repo.references", Python: "RepoExports.references(self, repo_id)", Needs: Anonymous, Mode: Read},
	{Name: "repo.request", Python: "request_repo(tag, min_event=None, at_event=None, opts=None, priority=None, force=False)", Needs: Login, Mode: Write},
	{Name: "repo.setExternalRepoData", Python: "RepoExports.setExternalRepoData(self, external_repo_id, data)", Needs: Perm("repo"), Mode: Write},
	{Name: "repo.setRequestPriority", Python: "RepoExports.setRequestPriority(self, req_id, priority)", Needs: Perm("admin"), Mode: Write},
	{Name: "repo.setState", Python: "RepoExports.setState(self, repo_id, state)", Needs: Perm("repo"), Mode: Write},
	{Name: "repo.updateEndEvents", Python: "RepoExports.updateEndEvents(self)", Needs: Perm("repo"), Mode: Write},
	{Name: "repoDelete", Python: "RootExports.repoDelete(self, repo_id)", Needs: Perm("repo"), Mode: Write, Repeat: true},
	{Name: "repoExpire", Python: "RootExports.repoExpire(self, repo_id)", Needs: Perm("repo"), Mode: Write, Repeat: true},
	{Name: "repoInfo", Python: "repo_info(repo_id, strict=False)", Needs: Anonymous, Mode: Read, Once: true},
	{Name: "repoProblem", Python: "RootExports.repoProblem(self, repo_id)", Needs: Perm("repo"), Mode: Write, Repeat: true},
}
