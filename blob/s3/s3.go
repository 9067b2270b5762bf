package s3

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// DefaultMinFree is the free space in the spool under which a store calls
// itself unhealthy.
const DefaultMinFree = 512 << 20

// probeName is the object that Healthy writes. It is no sum, so Walk skips it.
const probeName = "healthy"

// Config says which bucket, and how to reach it.
type Config struct {
	URL       string // "https://s3.example.org" or "http://127.0.0.1:9000"
	Region    string // asked from the service when empty
	Bucket    string // must exist
	Prefix    string // put before every key; may be empty
	AccessKey string // when empty: the environment's AWS_* or MINIO_*, then the machine's role
	SecretKey string
	PathStyle bool   // http://host/bucket instead of http://bucket.host
	Spool     string // directory for content on its way in; the system's when empty
	MinFree   int64  // DefaultMinFree when 0

	Transport http.RoundTripper // minio-go's own when nil; for private CAs
	Retries   int               // tries of one request, 5 when 0
}

// Store is a bucket of content. It implements blob.Store.
type Store struct {
	core    minio.Core
	bucket  string
	prefix  string
	spool   string
	minFree int64
}

var _ blob.Store = (*Store)(nil)

// New prepares a store. It does not talk to the service, so that a hub can
// start before its storage: Healthy tells whether the bucket is there.
func New(c Config) (*Store, error) {
	const op = "blob/s3.New"
	u, err := url.Parse(c.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return nil, kura.Errorf(op, kura.Invalid,
			"%q is not the address of an S3 service: write it as https://host or https://host:port, without a path", c.URL)
	}
	if c.Bucket == "" {
		return nil, kura.Errorf(op, kura.Invalid, "no bucket is set for the S3 service %s", c.URL)
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return nil, kura.Errorf(op, kura.Invalid, "access key and secret key for %s must be set together, or both be left out", c.URL)
	}
	lookup := minio.BucketLookupAuto
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        creds(c),
		Secure:       u.Scheme == "https",
		Region:       c.Region,
		BucketLookup: lookup,
		Transport:    c.Transport,
		MaxRetries:   orDefault(c.Retries, 5),
	})
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "S3 service %s: %w", c.URL, err)
	}
	s := &Store{core: *core, bucket: c.Bucket, spool: c.Spool, minFree: orDefault(c.MinFree, DefaultMinFree)}
	if p := strings.Trim(c.Prefix, "/"); p != "" {
		s.prefix = p + "/"
	}
	if s.spool == "" {
		s.spool = os.TempDir()
	}
	if s.spool, err = filepath.Abs(s.spool); err != nil {
		return nil, kura.E(op, err)
	}
	if err := os.MkdirAll(s.spool, 0o700); err != nil {
		return nil, blob.DiskError(op, s.spool, err)
	}
	return s, nil
}

func creds(c Config) *credentials.Credentials {
	if c.AccessKey != "" {
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.EnvMinio{}, &credentials.IAM{},
	})
}

func orDefault[T int | int64](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func (s *Store) key(sum blob.Sum) string { return s.prefix + sum.String() }

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, sum blob.Sum) (blob.Info, error) {
	oi, err := s.core.StatObject(ctx, s.bucket, s.key(sum), minio.StatObjectOptions{})
	if err != nil {
		return blob.Info{}, s.fail(ctx, "blob/s3.Stat", sum, err)
	}
	return blob.Info{Sum: sum, Size: oi.Size, Time: oi.LastModified}, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, sum blob.Sum) error {
	err := s.core.RemoveObject(ctx, s.bucket, s.key(sum), minio.RemoveObjectOptions{})
	if err = s.fail(ctx, "blob/s3.Delete", sum, err); kura.Is(err, kura.NotFound) {
		return nil
	}
	return err
}

// Walk implements blob.Store. S3 lists keys in order; other keys are skipped.
func (s *Store) Walk(ctx context.Context, fn func(blob.Info) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for oi := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if oi.Err != nil {
			return s.fail(ctx, "blob/s3.Walk", blob.Sum{}, oi.Err)
		}
		sum, err := blob.ParseSum(strings.TrimPrefix(oi.Key, s.prefix))
		if err != nil {
			continue
		}
		if err := fn(blob.Info{Sum: sum, Size: oi.Size, Time: oi.LastModified}); err != nil {
			return err
		}
	}
	// The list just ends when the context does.
	return s.fail(ctx, "blob/s3.Walk", blob.Sum{}, ctx.Err())
}

// Healthy implements blob.Store: it writes a small object, and looks at the
// spool's free space.
func (s *Store) Healthy(ctx context.Context) error {
	const op = "blob/s3.Healthy"
	body := "kura writes this object to see whether it can\n"
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+probeName, strings.NewReader(body), int64(len(body)), putOptions())
	if err != nil {
		return s.fail(ctx, op, blob.Sum{}, err)
	}
	return blob.DiskFree(op, s.spool, s.minFree)
}
