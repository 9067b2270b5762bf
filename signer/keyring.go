package signer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kura-build/kura/format/openpgp"
	"github.com/kura-build/kura/protocol"
)

const (
	keysDir = "keys"
	maxKeys = 100_000
)

// keyName allows what distributions and projects call keys
// ("example-12", "@group/project"). No path is made of it.
var keyName = regexp.MustCompile(`^[A-Za-z0-9@][A-Za-z0-9@:/._+-]{0,199}$`)

// storedKey is a file of keys/. Label is the JSON of a protocol.SignerKey: it
// is bound to the sealed private key, so that nobody can turn a metadata key
// into a package key, or enable a disabled one, with an editor.
type storedKey struct {
	Label   json.RawMessage `json:"label"`
	Private []byte          `json:"private"`
}

// heldKey opens its private part when it is first used.
type heldKey struct {
	info   protocol.SignerKey
	stored storedKey
	key    *openpgp.Key
}

// keyring is the keys, by name.
type keyring struct {
	dir  *os.Root
	seal *seal

	mu   sync.Mutex
	keys map[string]*heldKey
}

func openKeyring(dir *os.Root, s *seal) (*keyring, error) {
	ring := &keyring{dir: dir, seal: s, keys: map[string]*heldKey{}}
	list, err := fs.ReadDir(dir.FS(), keysDir)
	if err != nil {
		return nil, err
	}
	for _, entry := range list {
		if !strings.HasSuffix(entry.Name(), ".key") {
			continue // a write that a crash cut off
		}
		name := path.Join(keysDir, entry.Name())
		body, err := dir.ReadFile(name)
		if err != nil {
			return nil, err
		}
		held := &heldKey{}
		err = json.Unmarshal(body, &held.stored)
		if err == nil {
			err = json.Unmarshal(held.stored.Label, &held.info)
		}
		if err == nil && ring.keys[held.info.Name] != nil {
			err = fmt.Errorf("there is another key named %q", held.info.Name)
		}
		if err == nil && entry.Name() != held.info.Fingerprint+".key" {
			err = errors.New("the file is named for another key")
		}
		if err != nil {
			return nil, fmt.Errorf("%s/%s cannot be used: %w: restore it from a backup or move it away", dir.Name(), name, err)
		}
		ring.keys[held.info.Name] = held
	}
	return ring, nil
}

// create makes a key and writes it down.
func (r *keyring) create(name string, spec protocol.SignerKeySpec, now time.Time, random io.Reader) (protocol.SignerKey, error) {
	if err := checkSpec(name, spec, now); err != nil {
		return protocol.SignerKey{}, err
	}
	if err := r.free(name); err != nil {
		return protocol.SignerKey{}, err
	}
	created := now
	if spec.Created != 0 {
		created = time.Unix(spec.Created, 0)
	}
	key, err := openpgp.Generate(openpgp.Spec{
		Kind: openpgp.Kind(spec.Kind), Name: spec.UserID, Email: spec.Email,
		Created: created, Expires: time.Duration(spec.Days) * 24 * time.Hour, Rand: random,
	})
	if err != nil {
		return protocol.SignerKey{}, refuse(kindInvalid, "key %s was not made: %v", name, err)
	}
	info := protocol.SignerKey{
		Name: name, Kind: spec.Kind, KeyID: key.KeyID(), Fingerprint: key.Fingerprint(),
		UserID: key.UserID(), Uses: spec.Uses, Created: key.Created().Unix(),
	}
	if end, ok := key.Expires(); ok {
		info.Expires = end.Unix()
	}
	if info.Public, err = key.Armored(); err != nil {
		return protocol.SignerKey{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[name] != nil {
		return protocol.SignerKey{}, taken(name)
	}
	return info, r.save(&heldKey{info: info, key: key})
}

func checkSpec(name string, spec protocol.SignerKeySpec, now time.Time) error {
	if !keyName.MatchString(name) {
		return refuse(kindInvalid, "%q cannot be the name of a key: use up to 200 letters, digits and @:/._+-", name)
	}
	if spec.UserID == "" || len(spec.UserID)+len(spec.Email) > 500 {
		return refuse(kindInvalid, "key %s needs a user id of 1 to 500 letters", name)
	}
	if len(spec.Uses) == 0 {
		return refuse(kindInvalid, "key %s needs at least one use: %s or %s", name, protocol.UsePackages, protocol.UseMetadata)
	}
	for _, use := range spec.Uses {
		if use != protocol.UsePackages && use != protocol.UseMetadata {
			return refuse(kindInvalid, "key %s cannot be made for %q: the uses are %s and %s", name, use, protocol.UsePackages, protocol.UseMetadata)
		}
	}
	if spec.Created < 0 || spec.Created > now.Unix() {
		return refuse(kindInvalid, "key %s cannot be made with a creation time in the future", name)
	}
	if spec.Days < 0 || spec.Days > 20_000 {
		return refuse(kindInvalid, "key %s cannot be valid for %d days: use 1 to 20000, or 0 for ever", name, spec.Days)
	}
	return nil
}

func taken(name string) error {
	return refuse(kindExists, "there is a key named %s already: choose another name", name)
}

func (r *keyring) free(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[name] != nil {
		return taken(name)
	}
	if len(r.keys) >= maxKeys {
		return refuse(kindTooLarge, "key %s was not made: there are %d keys, which is the limit", name, len(r.keys))
	}
	return nil
}

// save seals a key with its label and writes it. The caller holds mu.
func (r *keyring) save(held *heldKey) error {
	private, err := held.key.Private()
	if err != nil {
		return err
	}
	defer clear(private)
	if held.stored.Label, err = json.Marshal(held.info); err != nil {
		return err
	}
	held.stored.Private = r.seal.close(private, held.stored.Label)
	body, err := json.Marshal(held.stored)
	if err != nil {
		return err
	}
	if err := writeFile(r.dir, path.Join(keysDir, held.info.Fingerprint+".key"), body); err != nil {
		return err
	}
	r.keys[held.info.Name] = held
	return nil
}

// use gives the key for signing, if it may sign such a thing.
func (r *keyring) use(name string, use protocol.SignerUse) (*openpgp.Key, protocol.SignerKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, err := r.open(name)
	if err != nil {
		return nil, protocol.SignerKey{}, err
	}
	if held.info.Disabled {
		return nil, held.info, refuse(kindDenied, "key %s is disabled: it signs nothing any more", name)
	}
	if !slices.Contains(held.info.Uses, use) {
		return nil, held.info, refuse(kindDenied, "key %s may not sign %s: it was made for %v", name, use, held.info.Uses)
	}
	return held.key, held.info, nil
}

// open unseals a key. The caller holds mu.
func (r *keyring) open(name string) (*heldKey, error) {
	held := r.keys[name]
	if held == nil {
		return nil, refuse(kindNotFound, "there is no key named %q", name)
	}
	if held.key != nil {
		return held, nil
	}
	private, err := r.seal.open(held.stored.Private, held.stored.Label)
	if err != nil {
		return nil, fmt.Errorf("key %s cannot be unsealed: its file was changed or is damaged: restore it from a backup", name)
	}
	defer clear(private)
	key, err := openpgp.ReadPrivate(private)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	if key.Fingerprint() != held.info.Fingerprint {
		return nil, fmt.Errorf("key %s: its file holds another key", name)
	}
	held.key = key
	return held, nil
}

// disable makes a key sign nothing from now on. It is not deleted: what it
// signed must stay explainable.
func (r *keyring) disable(name string) (protocol.SignerKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, err := r.open(name)
	if err != nil {
		return protocol.SignerKey{}, err
	}
	off := &heldKey{info: held.info, key: held.key}
	off.info.Disabled = true
	return off.info, r.save(off)
}

func (r *keyring) list() []protocol.SignerKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]protocol.SignerKey, 0, len(r.keys))
	for _, held := range r.keys {
		out = append(out, held.info)
	}
	slices.SortFunc(out, func(a, b protocol.SignerKey) int { return strings.Compare(a.Name, b.Name) })
	return out
}
