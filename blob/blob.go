package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/kura-build/kura"
)

// Fresh is how much older than the latest Put of its content an Info.Time may be.
const Fresh = 24 * time.Hour

// Sum is the SHA-256 of some content, and its only name.
type Sum [sha256.Size]byte

// SumOf is the sum of data.
func SumOf(data []byte) Sum { return sha256.Sum256(data) }

// String gives 64 lower-case hexadecimal digits.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether s was never set: no content has this sum.
func (s Sum) IsZero() bool { return s == Sum{} }

// ParseSum reads what String writes. Upper case is refused: one content, one
// spelling, or the same file would be found under one name and not the other.
func ParseSum(text string) (Sum, error) {
	var s Sum
	if len(text) != hex.EncodedLen(len(s)) {
		return Sum{}, kura.Errorf("blob.ParseSum", kura.Invalid,
			"a SHA-256 has %d hexadecimal digits, not %d characters", hex.EncodedLen(len(s)), len(text))
	}
	if _, err := hex.Decode(s[:], []byte(text)); err != nil || s.String() != text {
		return Sum{}, kura.Errorf("blob.ParseSum", kura.Invalid,
			"%q is not a SHA-256: use the digits 0-9 and a-f in lower case", text)
	}
	return s, nil
}

// Info says what a store knows about some content.
type Info struct {
	Sum  Sum
	Size int64
	Time time.Time // of the latest Put, at most Fresh older
}

// Reader reads stored content. Read and Seek share a position and are for one
// goroutine; ReadAt and Size may be called from many. Content that is deleted
// while it is read is either read to its end or fails with NotFound.
type Reader interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
	Size() int64
}

// Store keeps content. All methods may be called from many goroutines and many
// processes at once.
//
// Errors are kura.Error: NotFound for content that is not there, NoSpace when
// the place is full, Unavailable when it cannot be reached, Canceled when ctx
// was.
type Store interface {
	// Put reads r to its end and stores it. On return the content is durable;
	// on error nothing of it can be seen. With expect, content of another sum
	// is refused with Invalid. It reads r even when expect is there already:
	// knowing a sum does not prove having the content. An error of r itself is
	// returned wrapped, with its own kind.
	Put(ctx context.Context, r io.Reader, expect *Sum) (Info, error)

	// Open gives the content for reading. The caller closes it. Cancelling ctx
	// may make the reader fail from then on.
	Open(ctx context.Context, sum Sum) (Reader, error)

	// Stat says whether the content is there, and how large.
	Stat(ctx context.Context, sum Sum) (Info, error)

	// Delete removes the content. Removing what is not there is no error.
	Delete(ctx context.Context, sum Sum) error

	// Walk calls fn for everything stored, ordered by sum. Content put or
	// deleted meanwhile may or may not be seen. An error of fn ends the walk
	// and is returned as it is.
	Walk(ctx context.Context, fn func(Info) error) error

	// Healthy reports whether Put can be expected to work now: it tries a
	// write and looks at the free space.
	Healthy(ctx context.Context) error
}
