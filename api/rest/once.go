package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// once carries out a request, or gives the answer that it had the first time.
func once[I, O any](ctx context.Context, c *call, in *I, fn func(ctx context.Context, c *call, in *I) (O, error)) (out O, err error) {
	key, sum, err := keyOf(ctx, in)
	if err != nil {
		return out, err
	}
	if key == "" {
		return fn(ctx, c, in)
	}
	if found, err := before(ctx, c, key, sum, &out); err != nil || found {
		return out, err
	}
	if out, err = fn(ctx, c, in); err != nil {
		return out, err
	}
	return out, remember(ctx, c, key, out)
}

// unkept are operations of which nothing is kept, not even a sum: what they are
// told is secret, or the bytes of a file, or they change nothing. To do them twice
// does no harm.
var unkept = map[string]bool{"set-password": true, "put-upload": true, "get-upload": true, "evaluate-policy": true}

// errNew says that a request is one that was not made before.
var errNew = errors.New("a new request")

// repeatable is once for what is carried out in no transaction of ours: its key
// is taken when the answer is there.
func repeatable[I, O any](ctx context.Context, d *db.DB, by account.Actor, in *I, fn func(ctx context.Context, by account.Actor, in *I) (O, error)) (out O, err error) {
	key, sum, err := keyOf(ctx, in)
	if err != nil {
		return out, err
	}
	if key == "" {
		return fn(ctx, by, in)
	}
	err = d.Update(ctx, func(tx *db.Tx) error {
		found, err := before(ctx, &call{by: by, tx: tx}, key, sum, &out)
		if err == nil && !found {
			err = errNew
		}
		return err
	})
	if !errors.Is(err, errNew) {
		return out, err
	}
	if out, err = fn(ctx, by, in); err != nil {
		return out, err
	}
	return out, d.Update(ctx, func(tx *db.Tx) error {
		c := &call{by: by, tx: tx}
		if found, err := before(ctx, c, key, sum, &out); err != nil || found {
			return err
		}
		return remember(ctx, c, key, out)
	})
}

// keyOf gives the key under which a request may be repeated, and what tells it
// from others.
func keyOf(ctx context.Context, in any) (key, sum string, err error) {
	r := requestOf(ctx)
	if key = r.Header.Get("Idempotency-Key"); key == "" {
		return "", "", nil
	}
	said, err := json.Marshal(in)
	if err != nil {
		return "", "", kura.E("rest.once", err)
	}
	hash := sha256.Sum256(append([]byte(r.Method+" "+r.URL.Path+"\n"), said...))
	return key, hex.EncodeToString(hash[:]), nil
}

// before gives the answer that a request had the first time, if it was made.
func before(ctx context.Context, c *call, key, sum string, out any) (found bool, err error) {
	text, err := account.Repeated(ctx, c.tx, c.by, key, sum)
	if err != nil || text == nil {
		return false, err
	}
	return true, kura.E("rest.once", json.Unmarshal(text, out))
}

// secretive is an answer with something in it that is not to be kept.
type secretive interface{ withoutSecret() any }

func remember(ctx context.Context, c *call, key string, out any) error {
	if s, ok := out.(secretive); ok {
		out = s.withoutSecret()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return kura.E("rest.once", err)
	}
	return account.Remember(ctx, c.tx, c.by, key, text)
}
