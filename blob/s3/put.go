package s3

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/minio/minio-go/v7"
)

// single is the largest content sent by one PUT; minio-go sends what is larger
// in parts of this size, with one such buffer for each upload.
const single = 16 << 20

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, r io.Reader, expect *blob.Sum) (blob.Info, error) {
	const op = "blob/s3.Put"
	f, err := os.CreateTemp(s.spool, "kura-in-")
	if err != nil {
		return blob.Info{}, blob.DiskError(op, s.spool, err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return blob.Info{}, blob.DiskError(op, s.spool, err)
	}
	sum, size, err := blob.Ingest(ctx, f, r)
	if err != nil {
		return blob.Info{}, blob.DiskError(op, s.spool, err)
	}
	if err := blob.Match(op, expect, sum, size); err != nil {
		return blob.Info{}, err
	}
	info, err := s.Stat(ctx, sum)
	switch {
	case kura.Is(err, kura.NotFound):
		return s.create(ctx, sum, f, size)
	case err != nil:
		return blob.Info{}, kura.E(op, err)
	case info.Size == size && time.Since(info.Time) < blob.Fresh/2:
		return info, nil
	}
	// Old or damaged: sending it again is what renews and heals it.
	return s.send(ctx, sum, f, size, putOptions())
}

// create sends content that was not there a moment ago, on the condition that
// it still is not: when many send the same, one wins and no versions pile up.
func (s *Store) create(ctx context.Context, sum blob.Sum, f *os.File, size int64) (blob.Info, error) {
	opts := putOptions()
	if size > single {
		// Not every service knows the condition for multipart uploads.
		return s.send(ctx, sum, f, size, opts)
	}
	opts.SetMatchETagExcept("*")
	info, err := s.send(ctx, sum, f, size, opts)
	switch code(err) {
	case "PreconditionFailed", "ConditionalRequestConflict":
		if info, err := s.Stat(ctx, sum); err == nil && info.Size == size {
			return info, nil
		}
	case "NotImplemented":
	default:
		return info, err
	}
	// The other one lost, or was deleted, or the service knows no conditions.
	return s.send(ctx, sum, f, size, putOptions())
}

// send uploads the file and looks at what came of it.
func (s *Store) send(ctx context.Context, sum blob.Sum, f *os.File, size int64, opts minio.PutObjectOptions) (blob.Info, error) {
	const op = "blob/s3.Put"
	sent := time.Now()
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.key(sum), io.NewSectionReader(f, 0, size), size, opts)
	if err != nil {
		return blob.Info{}, s.fail(ctx, op, sum, err)
	}
	info, err := s.Stat(ctx, sum)
	if kura.Is(err, kura.NotFound) {
		// Stored, and deleted by somebody since: that is theirs to know.
		return blob.Info{Sum: sum, Size: size, Time: sent}, nil
	}
	if err != nil {
		return blob.Info{}, kura.E(op, err)
	}
	if info.Size != size {
		_ = s.Delete(context.WithoutCancel(ctx), sum) // that the service is of no use matters more
		return blob.Info{}, kura.Errorf(op, kura.Other,
			"bucket %s keeps %d bytes of content %s, but %d were sent: the service changes what it stores and cannot be used",
			s.bucket, info.Size, sum, size)
	}
	return info, nil
}

func putOptions() minio.PutObjectOptions {
	return minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		PartSize:             single,
		SendContentMd5:       true,
		DisableContentSha256: true,
	}
}

// code is the service's own word for an error.
func code(err error) string {
	var resp minio.ErrorResponse
	if errors.As(err, &resp) {
		return resp.Code
	}
	return ""
}

// fail gives an error of the service its kind. Operations on the
// bucket have no sum, and no key that could be missing.
func (s *Store) fail(ctx context.Context, op string, sum blob.Sum, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			return kura.Errorf(op, kura.Unavailable, "bucket %s did not answer in time: %w", s.bucket, err)
		}
		return kura.Errorf(op, kura.Canceled, "stopped on request: %w", err)
	}
	var resp minio.ErrorResponse
	errors.As(err, &resp)
	switch resp.Code {
	case "NoSuchKey", "NotFound":
		return kura.Errorf(op, kura.NotFound, "content %s is not in bucket %s: %w", sum, s.bucket, err)
	case "NoSuchBucket":
		return kura.Errorf(op, kura.Unavailable, "bucket %s does not exist: make it, or correct the configuration: %w", s.bucket, err)
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return kura.Errorf(op, kura.Unavailable, "bucket %s refuses us: look at the access key and its rights: %w", s.bucket, err)
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded":
		return kura.Errorf(op, kura.NoSpace, "bucket %s is full: free some space or raise its quota: %w", s.bucket, err)
	}
	if resp.StatusCode == 507 { // Insufficient Storage
		return kura.Errorf(op, kura.NoSpace, "bucket %s is full: free some space or raise its quota: %w", s.bucket, err)
	}
	return kura.Errorf(op, kura.Unavailable, "bucket %s cannot be used now: %w", s.bucket, err)
}
