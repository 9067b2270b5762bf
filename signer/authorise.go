package signer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/kura-build/kura/protocol"
)

const (
	hubsFile         = "hubs"
	maxAuthorisation = 16 << 10
	grantTerm        = 2 * time.Minute // what Grant gives: far more than a request takes
)

var nonceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Grant is the hub's side of an authorisation: it fills in the nonce and the
// expiry, and signs.
func Grant(hub ed25519.PrivateKey, auth protocol.SignerAuthorisation, now time.Time) (protocol.SignerRequest, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	auth.Nonce = hex.EncodeToString(nonce)
	auth.Expires = now.Add(grantTerm).Unix()
	body, err := json.Marshal(auth)
	if err != nil {
		return protocol.SignerRequest{}, err
	}
	return protocol.SignerRequest{Authorisation: body, Proof: ed25519.Sign(hub, proven(body))}, nil
}

func proven(body []byte) []byte {
	return append([]byte(protocol.SignerProofContext), body...)
}

// checkAuthorisation reads an authorisation and says which hub gave it.
func checkAuthorisation(hubs []ed25519.PublicKey, req protocol.SignerRequest, now time.Time) (protocol.SignerAuthorisation, string, error) {
	var auth protocol.SignerAuthorisation
	if len(req.Authorisation) > maxAuthorisation {
		return auth, "", refuse(kindTooLarge, "the authorisation has %d bytes; the limit is %d", len(req.Authorisation), maxAuthorisation)
	}
	hub := ""
	for _, key := range hubs {
		if ed25519.Verify(key, proven(req.Authorisation), req.Proof) {
			hub = hubName(key)
		}
	}
	if hub == "" {
		return auth, "", refuse(kindDenied, "the authorisation is not signed by a hub that this signer knows: compare the hub's key with the file %s", hubsFile)
	}
	dec := json.NewDecoder(bytes.NewReader(req.Authorisation))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&auth); err != nil {
		return auth, hub, refuse(kindInvalid, "the authorisation cannot be read: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return auth, hub, refuse(kindInvalid, "the authorisation has something after its end")
	}
	end := time.Unix(auth.Expires, 0)
	switch {
	case !nonceForm.MatchString(auth.Nonce):
		return auth, hub, refuse(kindInvalid, "the authorisation's nonce is not 32 hex digits")
	case strings.TrimSpace(auth.Decision) == "":
		return auth, hub, refuse(kindInvalid, "the authorisation names no decision: say which rule allowed it, and for whom")
	case !now.Before(end):
		return auth, hub, refuse(kindDenied, "the authorisation for key %s expired at %s: ask again, and compare the clocks", auth.Key, end.UTC().Format(time.RFC3339))
	case end.Sub(now) > protocol.SignerMaxTerm:
		return auth, hub, refuse(kindDenied, "the authorisation for key %s is good for longer than %s: ask with a shorter one, and compare the clocks", auth.Key, protocol.SignerMaxTerm)
	}
	return auth, hub, checkSubject(auth, req.Data)
}

// checkSubject compares what is allowed with what is there.
func checkSubject(auth protocol.SignerAuthorisation, data []byte) error {
	switch auth.Operation {
	case protocol.SignPackage:
		if auth.Build <= 0 || auth.NVRA == "" || len(auth.NVRA) > 1024 {
			return refuse(kindInvalid, "the authorisation to sign a package names no build or no name-version-release.arch")
		}
	case protocol.SignMetadata:
		if auth.Repository == "" || len(auth.Repository) > 1024 {
			return refuse(kindInvalid, "the authorisation to sign metadata names no repository")
		}
	case protocol.CreateKey:
		if auth.New == nil {
			return refuse(kindInvalid, "the authorisation to make key %s does not say which sort of key", auth.Key)
		}
		return nil
	case protocol.DisableKey:
		return nil
	default:
		return refuse(kindInvalid, "the operation %q is unknown to this signer", auth.Operation)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != auth.SHA256 {
		return refuse(kindDenied, "%s is not what the hub allowed to sign: its SHA-256 is %x, allowed was %s", subject(auth), sum, short(auth.SHA256, 64))
	}
	return nil
}

func subject(auth protocol.SignerAuthorisation) string {
	if auth.Operation == protocol.SignMetadata {
		return "the metadata of " + auth.Repository
	}
	return fmt.Sprintf("the header of %s (build %d)", auth.NVRA, auth.Build)
}

// hubName is how the audit log names a hub's key.
func hubName(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// parseHubs reads the file of hub keys: base64, one a line; # starts a comment.
func parseHubs(body string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for number, line := range strings.Split(body, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("line %d of the file %s is not the base64 of an Ed25519 public key", number+1, hubsFile)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
