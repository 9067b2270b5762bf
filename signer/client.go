package signer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/kura-build/kura/protocol"
)

// Client is the hub's side of the socket. It may be used by many at once.
type Client struct {
	socket string
	hub    ed25519.PrivateKey
	http   *http.Client
}

// NewClient makes a client. The key signs authorisations; without one only
// Keys and Status work.
func NewClient(socket string, hub ed25519.PrivateKey) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &Client{socket: socket, hub: hub, http: &http.Client{
		Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
		Timeout:   2 * time.Minute,
	}}
}

// SignPackage has a package's main header signed. The answer holds the OpenPGP
// packet for the package's signature header.
func (c *Client) SignPackage(ctx context.Context, key string, build int64, nvra, decision string, header []byte) (protocol.SignerAnswer, error) {
	return c.do(ctx, protocol.SignerAuthorisation{
		Operation: protocol.SignPackage, Key: key, Build: build, NVRA: nvra, Decision: decision,
	}, header)
}

// SignMetadata has a repomd.xml signed. The answer holds repomd.xml.asc.
func (c *Client) SignMetadata(ctx context.Context, key, repository, decision string, repomd []byte) (protocol.SignerAnswer, error) {
	return c.do(ctx, protocol.SignerAuthorisation{
		Operation: protocol.SignMetadata, Key: key, Repository: repository, Decision: decision,
	}, repomd)
}

// CreateKey has a key made.
func (c *Client) CreateKey(ctx context.Context, name, decision string, spec protocol.SignerKeySpec) (protocol.SignerKey, error) {
	answer, err := c.do(ctx, protocol.SignerAuthorisation{
		Operation: protocol.CreateKey, Key: name, New: &spec, Decision: decision,
	}, nil)
	return answer.Key, err
}

// DisableKey makes a key sign nothing any more, for ever.
func (c *Client) DisableKey(ctx context.Context, name, decision string) (protocol.SignerKey, error) {
	answer, err := c.do(ctx, protocol.SignerAuthorisation{
		Operation: protocol.DisableKey, Key: name, Decision: decision,
	}, nil)
	return answer.Key, err
}

// Keys lists all keys by name, with their public halves.
func (c *Client) Keys(ctx context.Context) ([]protocol.SignerKey, error) {
	var out protocol.SignerKeys
	err := c.call(ctx, http.MethodGet, protocol.PathSignerKeys, nil, &out)
	return out.Keys, err
}

// Key is one key by its name.
func (c *Client) Key(ctx context.Context, name string) (protocol.SignerKey, error) {
	keys, err := c.Keys(ctx)
	if err != nil {
		return protocol.SignerKey{}, err
	}
	for _, k := range keys {
		if k.Name == name {
			return k, nil
		}
	}
	return protocol.SignerKey{}, refuse(kindNotFound, "there is no key named %q", name)
}

// Status tells how the signer is.
func (c *Client) Status(ctx context.Context) (protocol.SignerStatus, error) {
	var out protocol.SignerStatus
	err := c.call(ctx, http.MethodGet, protocol.PathSignerStatus, nil, &out)
	return out, err
}

func (c *Client) do(ctx context.Context, auth protocol.SignerAuthorisation, data []byte) (protocol.SignerAnswer, error) {
	if data != nil {
		sum := sha256.Sum256(data)
		auth.SHA256 = hex.EncodeToString(sum[:])
	}
	req, err := Grant(c.hub, auth, time.Now())
	if err != nil {
		return protocol.SignerAnswer{}, err
	}
	req.Data = data
	return c.Send(ctx, req)
}

// Send sends a request that was granted elsewhere.
func (c *Client) Send(ctx context.Context, req protocol.SignerRequest) (protocol.SignerAnswer, error) {
	var answer protocol.SignerAnswer
	err := c.call(ctx, http.MethodPost, protocol.PathSignerRequest, req, &answer)
	return answer, err
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://signer"+path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refuse(kindUnavailable, "the signer at %s does not answer: %v: is it running?", c.socket, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			return refuse(kindUnavailable, "the signer at %s broke off its answer: %v", c.socket, err)
		}
		return nil
	}
	refusal := &Refusal{}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(text, &refusal.Problem)
	}
	if err != nil || refusal.Kind == "" {
		return fmt.Errorf("the signer at %s answered %s: %.200s", c.socket, resp.Status, text)
	}
	return refusal
}
