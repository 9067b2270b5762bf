package koji

// What Koji has no methods for.
var kuraMethods = []Method{
	{Name: "kura.createKey", Python: "createKey(name, kind='rsa4096', user_id='', email='')", Needs: Perm("admin"), Mode: Apart, Doc: "Have the signer make a key; gives its public side."},
	{Name: "kura.listKeys", Python: "listKeys()", Needs: Anonymous, Mode: Read, Doc: "The public sides of the signing keys."},
	{Name: "kura.signBuild", Python: "signBuild(build, key)", Needs: Perm("sign"), Mode: Apart, Doc: "Sign all packages of a complete build; gives their file names."},
	{Name: "kura.whyWaiting", Python: "whyWaiting(task)", Needs: Anonymous, Mode: Read, Doc: "Why a task waits, its place and its estimate."},
}
