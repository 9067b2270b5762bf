package koji

// Uploads.
var fileMethods = []Method{
	{Name: "checkUpload", Python: "RootExports.checkUpload(self, path, name, verify=None, tail=None, volume=None)", Needs: Login, Mode: Apart},
	{Name: "uploadFile", Python: "RootExports.uploadFile(self, path, name, size, md5sum, offset, data, volume=None, checksum=None)", Needs: Login, Mode: Apart},
}
