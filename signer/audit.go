package signer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kura-build/kura/protocol"
)

const (
	auditFile = "audit.log"
	maxLine   = 64 << 10
)

// The outcomes of audit entries.
const (
	outcomeDone     = "done"
	outcomeRefused  = "refused"
	outcomeStarted  = "started"
	outcomeRepaired = "repaired" // a last line that a crash cut off was taken away
)

// Entry is a line of the audit log.
type Entry struct {
	Seq        int64                    `json:"seq"`
	Time       time.Time                `json:"time"`
	Outcome    string                   `json:"outcome"`
	Reason     string                   `json:"reason,omitempty"` // why it was refused
	Operation  protocol.SignerOperation `json:"operation,omitempty"`
	Key        string                   `json:"key,omitempty"`
	KeyID      string                   `json:"key_id,omitempty"`
	Build      int64                    `json:"build,omitempty"`
	NVRA       string                   `json:"nvra,omitempty"`
	Repository string                   `json:"repository,omitempty"`
	SHA256     string                   `json:"sha256,omitempty"`    // of what was signed
	Signature  string                   `json:"signature,omitempty"` // SHA-256 of the signature that left
	Decision   string                   `json:"decision,omitempty"`
	Hub        string                   `json:"hub,omitempty"` // whose authorisation it was
	Nonce      string                   `json:"nonce,omitempty"`
	Expires    int64                    `json:"expires,omitempty"`
	UID        int64                    `json:"uid"`
	Unlogged   int64                    `json:"unlogged,omitempty"` // refusals before this one that flooded the log
	Prev       string                   `json:"prev"`               // SHA-256 of the line before
}

// audit is the log, open for appending.
type audit struct {
	mu     sync.Mutex // order of lines
	file   *os.File
	head   protocol.SignerHead
	size   int64
	broken error

	syncMu sync.Mutex // one fsync serves everybody who waits for it
	synced int64
}

// readAudit checks the chain and calls visit for each entry. Bytes after the
// last line break are what a crash left; good is where they start.
func readAudit(r io.Reader, visit func(e Entry, hash string)) (head protocol.SignerHead, good int64, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return head, good, nil
		}
		number := head.Entries + 1
		if err != nil {
			return head, good, fmt.Errorf("audit log, line %d: %w", number, err)
		}
		var e Entry
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			return head, good, fmt.Errorf("audit log, line %d is not an entry: %w", number, err)
		}
		if e.Seq != number || e.Prev != head.SHA256 {
			return head, good, fmt.Errorf("audit log, line %d does not follow the line before it: entries were changed or taken away", number)
		}
		head = protocol.SignerHead{Entries: number, SHA256: lineHash(line)}
		good += int64(len(line))
		visit(e, head.SHA256)
	}
}

func lineHash(line []byte) string {
	sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
	return hex.EncodeToString(sum[:])
}

// VerifyAudit checks the chain of an audit log, and that it still holds the
// entry of a head that was kept elsewhere (a zero head checks the chain only).
func VerifyAudit(r io.Reader, kept protocol.SignerHead, visit func(Entry)) (protocol.SignerHead, error) {
	found := kept.Entries == 0
	head, _, err := readAudit(r, func(e Entry, hash string) {
		if e.Seq == kept.Entries && hash == kept.SHA256 {
			found = true
		}
		if visit != nil {
			visit(e)
		}
	})
	if err != nil {
		return head, err
	}
	if !found {
		return head, fmt.Errorf("audit log: entry %d is not the one that was seen earlier: the log was rewritten or cut", kept.Entries)
	}
	return head, nil
}

// openAudit reads the whole log, calls visit for each entry, and opens it for
// appending.
func openAudit(dir *os.Root, visit func(Entry), now time.Time) (*audit, error) {
	f, err := dir.OpenFile(auditFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	a := &audit{file: f}
	if err := a.load(visit, now); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", dir.Name(), err)
	}
	return a, nil
}

func (a *audit) load(visit func(Entry), now time.Time) error {
	head, good, err := readAudit(a.file, func(e Entry, _ string) { visit(e) })
	if err != nil {
		return err
	}
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	a.head, a.size, a.synced = head, good, head.Entries
	start := Entry{Time: now, Outcome: outcomeStarted, UID: int64(os.Getuid())}
	if torn := info.Size() - good; torn > 0 {
		if err := a.file.Truncate(good); err != nil {
			return err
		}
		start.Outcome, start.Reason = outcomeRepaired, fmt.Sprintf("the last line had no end (%d bytes): a crash cut it off before anything was signed for it", torn)
	}
	_, err = a.append(start, true)
	return err
}

// append adds an entry. When it returns with durable set, the entry and all
// before it are on disk.
func (a *audit) append(e Entry, durable bool) (protocol.SignerHead, error) {
	head, err := a.write(e)
	if err != nil {
		return head, refuse(kindUnavailable, "nothing was signed: the audit log cannot be written: %v: mend the disk and start the signer again", err)
	}
	if !durable {
		return head, nil
	}
	a.syncMu.Lock()
	defer a.syncMu.Unlock()
	if a.synced >= head.Entries {
		return head, nil // somebody else's fsync came after our line
	}
	a.mu.Lock()
	upTo, err := a.head.Entries, a.broken
	a.mu.Unlock()
	if err == nil {
		err = a.file.Sync()
	}
	if err != nil {
		// After a failed fsync nobody knows what is on disk.
		a.mu.Lock()
		a.broken = err
		a.mu.Unlock()
		return head, refuse(kindUnavailable, "nothing was signed: the audit log is not on disk: %v: mend the disk and start the signer again", err)
	}
	a.synced = upTo
	return head, nil
}

func (a *audit) write(e Entry) (protocol.SignerHead, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return a.head, a.broken
	}
	e.Seq, e.Prev = a.head.Entries+1, a.head.SHA256
	e.Time = e.Time.UTC().Truncate(time.Millisecond)
	line, err := json.Marshal(e)
	if err != nil {
		return a.head, err
	}
	line = append(line, '\n')
	if len(line) > maxLine {
		return a.head, fmt.Errorf("an entry of %d bytes is too long", len(line))
	}
	if _, err := a.file.Write(line); err != nil {
		// A half-written line would break the chain: take it away or stop.
		if terr := a.file.Truncate(a.size); terr != nil {
			a.broken = errors.Join(err, terr)
		}
		return a.head, err
	}
	a.size += int64(len(line))
	a.head = protocol.SignerHead{Entries: e.Seq, SHA256: lineHash(line)}
	return a.head, nil
}

func (a *audit) end() protocol.SignerHead {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.head
}

func (a *audit) close() error {
	return errors.Join(a.file.Sync(), a.file.Close())
}

// short keeps foreign text from filling the log.
func short(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}
