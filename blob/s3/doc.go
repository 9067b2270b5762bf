// Package s3 keeps content in a bucket of any service that speaks S3.
//
// Content passes through a spool file first, because the key is the hash and
// the hash is known only at the end. The file is unlinked as soon as it is
// open, so nothing is left of it whatever dies. Then one conditional PUT, or a
// multipart upload for what is large; S3 shows an object only once it is whole.
// Abandoned multipart uploads are invisible but cost money: give the bucket a
// lifecycle rule that aborts them after a day.
//
// Every request body carries its MD5, which all services check, instead of
// checksums in trailers, which some store as part of the object; after an
// upload the size is asked for, so such a service is found out at once.
//
// It must not know any key but Prefix + sum, and one probe object.
package s3
