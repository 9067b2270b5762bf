package sign

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/protocol"
)

// Signer is the signer's client as this room needs it.
type Signer interface {
	CreateKey(ctx context.Context, name, decision string, spec protocol.SignerKeySpec) (protocol.SignerKey, error)
	SignPackage(ctx context.Context, key string, build int64, nvra, decision string, header []byte) (protocol.SignerAnswer, error)
	SignMetadata(ctx context.Context, key, repository, decision string, repomd []byte) (protocol.SignerAnswer, error)
}

// Room signs builds and repositories.
type Room struct {
	db     *db.DB
	blobs  blob.Store
	signer Signer
}

// New makes the room on its legs. Without a signer (nil) it knows keys and
// keeps signatures that others made, but makes none.
func New(d *db.DB, b blob.Store, s Signer) *Room { return &Room{db: d, blobs: b, signer: s} }

// Key is a signing key's public side.
type Key struct {
	ID      int64
	Name    string
	KeyID   string // 16 digits
	Kind    string
	Public  string // armoured
	Created int64
	Retired *int64
}

// ShortID is what Koji calls the key: the last 8 digits.
func (k Key) ShortID() string { return k.KeyID[len(k.KeyID)-8:] }

const keyColumns = "id, name, keyid, kind, public, created, retired"

func scanKey(s db.Scanner) (k Key, err error) {
	return k, s.Scan(&k.ID, &k.Name, &k.KeyID, &k.Kind, &k.Public, &k.Created, &k.Retired)
}

// Keys lists all keys, by name.
func Keys(ctx context.Context, tx *db.Tx) ([]Key, error) {
	got, err := db.All(ctx, tx, scanKey, "SELECT "+keyColumns+" FROM sign_key ORDER BY name")
	return got, kura.E("sign.Keys", err)
}

// Find gives a key by its name, or by the last 8 or 16 digits of its id.
func Find(ctx context.Context, tx *db.Tx, ref string) (Key, error) {
	all, err := Keys(ctx, tx)
	if err != nil {
		return Key{}, err
	}
	for _, k := range all {
		if k.Name == ref || k.KeyID == strings.ToLower(ref) || k.ShortID() == strings.ToLower(ref) {
			return k, nil
		}
	}
	return Key{}, kura.Errorf("sign.Find", kura.NotFound, "No such signing key: %s", ref)
}

// Create has the signer make a key, and records it.
func (r *Room) Create(ctx context.Context, by account.Actor, name, kind, userID, email string) (Key, error) {
	const op = "sign.Create"
	if r.signer == nil {
		return Key{}, noSigner(op)
	}
	if err := account.CheckName(name); err != nil {
		return Key{}, kura.E(op, err)
	}
	made, err := r.signer.CreateKey(ctx, name, "key "+name+" asked for by "+by.Name, protocol.SignerKeySpec{
		Kind: kind, UserID: userID, Email: email, Uses: []protocol.SignerUse{protocol.UsePackages, protocol.UseMetadata},
	})
	if err != nil {
		return Key{}, kura.E(op, err)
	}
	k := Key{Name: made.Name, KeyID: made.KeyID, Kind: made.Kind, Public: made.Public, Created: made.Created * 1e6}
	err = r.db.Update(ctx, func(tx *db.Tx) error {
		k.ID, err = tx.Insert(ctx, `INSERT INTO sign_key (name, keyid, kind, public, created) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			k.Name, k.KeyID, k.Kind, k.Public, k.Created)
		if err != nil {
			return err
		}
		return event.Emit(ctx, tx, "key.create", map[string]string{"name": k.Name, "keyid": k.KeyID, "by": by.Name})
	})
	return k, kura.E(op, err)
}

func noSigner(op string) error {
	return kura.Errorf(op, kura.Unavailable, "this hub has no signer: enable [signer] in its configuration")
}
