package signer

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/kura-build/kura/protocol"
)

// perform carries a request out. Whatever comes of it is in the audit log
// before it is answered.
func (s *server) perform(req protocol.SignerRequest, peer peer) (protocol.SignerAnswer, error) {
	now := s.conf.Now()
	entry := Entry{Time: now, UID: int64(peer.uid)}
	answer, err := s.decide(req, now, &entry)
	if err == nil {
		entry.Outcome = outcomeDone
		// Only now may the signature leave.
		answer.Audit, err = s.audit.append(entry, true)
		if err == nil {
			return answer, nil
		}
		return protocol.SignerAnswer{}, err
	}
	s.refused(entry, err)
	return protocol.SignerAnswer{}, err
}

// refused writes a refusal down. That it does not wait for the disk lets
// nobody slow down the others by asking for what is refused.
func (s *server) refused(entry Entry, cause error) {
	s.conf.Log.Warn("refused", "operation", entry.Operation, "key", entry.Key, "nvra", entry.NVRA, "uid", entry.UID, "why", cause)
	ok, unlogged := s.guard.logRefusal(entry.Time)
	if !ok {
		return
	}
	entry.Outcome, entry.Reason, entry.Unlogged = outcomeRefused, short(cause.Error(), 500), unlogged
	if _, err := s.audit.append(entry, false); err != nil {
		s.conf.Log.Error("a refusal is missing from the audit log", "err", err)
	}
}

// decide checks everything and makes the signature. It fills in the entry as
// far as it came.
func (s *server) decide(req protocol.SignerRequest, now time.Time, entry *Entry) (protocol.SignerAnswer, error) {
	auth, hub, err := checkAuthorisation(s.hubs, req, now)
	entry.describe(auth, hub)
	if err != nil {
		return protocol.SignerAnswer{}, err
	}
	if err := s.guard.admit(auth, now); err != nil {
		return protocol.SignerAnswer{}, err
	}
	entry.Nonce, entry.Expires = auth.Nonce, auth.Expires
	var answer protocol.SignerAnswer
	switch auth.Operation {
	case protocol.SignPackage:
		answer, err = s.signPackage(auth, req.Data, now)
	case protocol.SignMetadata:
		answer, err = s.signMetadata(auth, req.Data, now)
	case protocol.CreateKey:
		answer.Key, err = s.ring.create(auth.Key, *auth.New, now, nil)
	case protocol.DisableKey:
		answer.Key, err = s.ring.disable(auth.Key)
	default:
		err = refuse(kindInvalid, "the operation %q is unknown to this signer", auth.Operation)
	}
	if err != nil {
		return answer, err
	}
	entry.KeyID = answer.Key.KeyID
	if answer.Signature != nil {
		sum := sha256.Sum256(answer.Signature)
		entry.Signature = hex.EncodeToString(sum[:])
	}
	return answer, nil
}

// describe copies what is asked into the entry, cut to a sane length: a
// refused request may hold anything.
func (e *Entry) describe(auth protocol.SignerAuthorisation, hub string) {
	e.Hub, e.Operation, e.Key = hub, protocol.SignerOperation(short(string(auth.Operation), 40)), short(auth.Key, 200)
	e.Build, e.NVRA, e.Repository = auth.Build, short(auth.NVRA, 1024), short(auth.Repository, 1024)
	e.SHA256, e.Decision = short(auth.SHA256, 64), short(auth.Decision, 4096)
}

func (s *server) signPackage(auth protocol.SignerAuthorisation, header []byte, now time.Time) (protocol.SignerAnswer, error) {
	if err := checkHeader(header, auth.NVRA, s.conf.OldPackages); err != nil {
		return protocol.SignerAnswer{}, err
	}
	key, info, err := s.ring.use(auth.Key, protocol.UsePackages)
	if err != nil {
		return protocol.SignerAnswer{}, err
	}
	if err := s.guard.once(auth); err != nil {
		return protocol.SignerAnswer{}, err
	}
	sig, err := key.Sign(header, now)
	if err != nil {
		return protocol.SignerAnswer{}, signFailed(info, err)
	}
	return protocol.SignerAnswer{Signature: sig, Key: info}, nil
}

func (s *server) signMetadata(auth protocol.SignerAuthorisation, repomd []byte, now time.Time) (protocol.SignerAnswer, error) {
	if err := checkRepomd(repomd); err != nil {
		return protocol.SignerAnswer{}, err
	}
	key, info, err := s.ring.use(auth.Key, protocol.UseMetadata)
	if err != nil {
		return protocol.SignerAnswer{}, err
	}
	text, err := key.SignArmored(repomd, now)
	if err != nil {
		return protocol.SignerAnswer{}, signFailed(info, err)
	}
	return protocol.SignerAnswer{Signature: []byte(text), Key: info}, nil
}

func signFailed(info protocol.SignerKey, err error) error {
	return refuse(kindDenied, "key %s made no signature: %v", info.Name, err)
}
