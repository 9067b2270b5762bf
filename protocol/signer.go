package protocol

import "time"

// Paths of the signer's socket. Only the uids that the signer was told of are
// answered at all.
//
//	POST /signer/v1/request  SignerRequest → SignerAnswer
//	GET  /signer/v1/keys     → SignerKeys
//	GET  /signer/v1/status   → SignerStatus
//
// What is not a success is a Problem. Kind "locked" means that the rate limit
// is reached: the same can be asked again a little later.
const (
	PathSignerRequest = "/signer/v1/request"
	PathSignerKeys    = "/signer/v1/keys"
	PathSignerStatus  = "/signer/v1/status"
)

// SignerOperation is what an authorisation allows.
type SignerOperation string

// The operations. Each changes something or lets a signature out, so each
// needs an authorisation and leaves an entry in the signer's audit log.
const (
	SignPackage  SignerOperation = "sign-package"  // Data: the main header of an RPM
	SignMetadata SignerOperation = "sign-metadata" // Data: a repomd.xml
	CreateKey    SignerOperation = "create-key"
	DisableKey   SignerOperation = "disable-key"
)

// SignerAuthorisation is the hub's recorded decision that one thing may be
// done once. The hub signs its JSON with the key that the signer was given
// the public half of.
type SignerAuthorisation struct {
	Operation SignerOperation `json:"operation"`
	Key       string          `json:"key"` // the key's name

	Build      int64  `json:"build,omitempty"`      // SignPackage: the build's id
	NVRA       string `json:"nvra,omitempty"`       // SignPackage: name-version-release.arch
	Repository string `json:"repository,omitempty"` // SignMetadata: what the hub calls it
	SHA256     string `json:"sha256,omitempty"`     // of Data, lower-case hex

	New *SignerKeySpec `json:"new,omitempty"` // CreateKey

	Decision string `json:"decision"` // which rule allowed it, for whom: kept in the audit log
	Expires  int64  `json:"expires"`  // Unix seconds; at most SignerMaxTerm from now
	Nonce    string `json:"nonce"`    // 32 hex digits, never used before
}

// SignerMaxTerm is how long an authorisation may be good for. The signer
// remembers nonces for so long, across its restarts too.
const SignerMaxTerm = 10 * time.Minute

// SignerRequest carries an authorisation and what is to be signed.
type SignerRequest struct {
	Authorisation []byte `json:"authorisation"` // the JSON of a SignerAuthorisation, as it was signed
	Proof         []byte `json:"proof"`         // Ed25519 over SignerProofContext and Authorisation
	Data          []byte `json:"data,omitempty"`
}

// SignerProofContext stands before the authorisation where the hub signs it,
// so that the proof means nothing anywhere else.
const SignerProofContext = "kura signer authorisation 1\n"

// SignerAnswer is the answer to a request that was carried out.
type SignerAnswer struct {
	Signature []byte     `json:"signature,omitempty"` // a binary OpenPGP packet; for metadata armoured text
	Key       SignerKey  `json:"key"`                 // the key that was used, made or disabled
	Audit     SignerHead `json:"audit"`               // the entry of this operation
}

// SignerHead is the end of the signer's audit log at a moment. Whoever keeps
// one can prove later that no entry up to it was changed or taken away.
type SignerHead struct {
	Entries int64  `json:"entries"`
	SHA256  string `json:"sha256"` // of the last entry's line, which holds that of the line before
}

// SignerUse is what a key may sign.
type SignerUse string

// The uses.
const (
	UsePackages SignerUse = "packages"
	UseMetadata SignerUse = "metadata"
)

// SignerKeySpec says which key to make.
type SignerKeySpec struct {
	Kind    string      `json:"kind"`              // rsa4096 or ed25519
	UserID  string      `json:"user_id"`           // name in the OpenPGP user id
	Email   string      `json:"email,omitempty"`   // and its address
	Uses    []SignerUse `json:"uses"`              // at least one
	Created int64       `json:"created,omitempty"` // Unix seconds; 0 means now
	Days    int         `json:"days,omitempty"`    // valid for; 0 means for ever
}

// SignerKey is a key's public side.
type SignerKey struct {
	Name        string      `json:"name"`
	Kind        string      `json:"kind"`
	KeyID       string      `json:"key_id"`      // 16 hex digits
	Fingerprint string      `json:"fingerprint"` // lower-case hex
	UserID      string      `json:"user_id"`
	Uses        []SignerUse `json:"uses"`
	Created     int64       `json:"created"`           // Unix seconds
	Expires     int64       `json:"expires,omitempty"` // Unix seconds; 0 means never
	Disabled    bool        `json:"disabled,omitempty"`
	Public      string      `json:"public"` // armoured
}

// ShortID is Koji's name of the key: the last 8 digits of its id.
func (k SignerKey) ShortID() string {
	if len(k.KeyID) < 8 {
		return k.KeyID
	}
	return k.KeyID[len(k.KeyID)-8:]
}

// SignerKeys is the answer to PathSignerKeys.
type SignerKeys struct {
	Keys []SignerKey `json:"keys"`
}

// SignerStatus is the answer to PathSignerStatus.
type SignerStatus struct {
	Keys      int        `json:"keys"`
	Audit     SignerHead `json:"audit"`
	PerMinute int        `json:"per_minute"` // signatures
	Guards    []string   `json:"guards"`     // what protects the process: for the operator to see
}
