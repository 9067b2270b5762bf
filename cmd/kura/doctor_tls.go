package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// renew is how long before its end a certificate is spoken of.
const renew = 30 * 24 * time.Hour

// certificate says how long a certificate is good; how to get one that is
// missing, and how to renew it.
func (d *doctor) certificate(name, file, missing, mend string) {
	c, err := readCertificate(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.say(verdictFail, name, file+" is not there", missing)
	case errors.Is(err, os.ErrPermission):
		d.say(verdictWarn, name, file+" cannot be read by you", "sudo kura doctor")
	case err != nil:
		d.say(verdictFail, name, file+": "+err.Error(), mend)
	case time.Now().After(c.NotAfter):
		d.say(verdictFail, name, "it ended on "+c.NotAfter.Format(time.DateOnly), mend)
	case time.Now().Before(c.NotBefore):
		d.say(verdictFail, name, "it begins only on "+c.NotBefore.Format(time.DateOnly), "set the clock right")
	case time.Until(c.NotAfter) < renew:
		d.say(verdictWarn, name, "it ends on "+c.NotAfter.Format(time.DateOnly), mend)
	default:
		d.say(verdictOK, name, "good until "+c.NotAfter.Format(time.DateOnly), "")
	}
}

func readCertificate(file string) (*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("it holds no certificate")
		}
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
}

// trusting is a client that trusts an authority, and shows a certificate if there is
// one.
func trusting(authority, cert string) (*http.Client, error) {
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if !conf.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", authority)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, cert)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Timeout: soon, Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}, nil
}

// healthy asks a hub whether it is alive, and gives the time that it has.
func healthy(ctx context.Context, c *http.Client, base string) (date string, err error) {
	to, err := url.JoinPath(base, "healthz")
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // only the head is of interest
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers with status %d", to, resp.StatusCode)
	}
	return resp.Header.Get("Date"), nil
}

// answers tells whether this kura itself listens at an address.
func (d *doctor) answers(ctx context.Context, address string) bool {
	c, err := trusting(filepath.Join(d.conf.Data, "pki", "ca.crt"), "")
	if err != nil {
		return false
	}
	_, err = healthy(ctx, c, "https://"+address)
	return err == nil
}

// toHub tries the way that a builder takes to its hub.
func (d *doctor) toHub(ctx context.Context) {
	b := d.conf.Builder
	issue := "on the hub: kura cert issue --builder " + b.Name + "; bring the file here"
	d.certificate("builder's certificate", b.Cert, issue, issue)
	c, err := trusting(b.CA, b.Cert)
	if err != nil {
		d.say(verdictFail, "way to the hub", err.Error(), "bring the hub's pki/ca.crt and the builder's certificate here; see builder.ca and builder.cert")
		return
	}
	date, err := healthy(ctx, c, b.Hub)
	if err != nil {
		state := verdictFail
		if d.hasHub() {
			state = verdictWarn // it may not have been started yet
		}
		d.say(state, "way to the hub", err.Error(), "start the hub; look at builder.hub and at firewalls: one port is all that is needed")
		return
	}
	d.say(verdictOK, "way to the hub", b.Hub+" answers", "")
	there, err := http.ParseTime(date)
	if err != nil {
		return
	}
	if off := time.Since(there).Abs(); off > time.Minute {
		d.say(verdictFail, "clock beside the hub's", fmt.Sprintf("%s apart", off.Round(time.Second)), "apt install chrony (dnf install chrony), on both")
	} else if off > 5*time.Second {
		d.say(verdictWarn, "clock beside the hub's", fmt.Sprintf("%s apart", off.Round(time.Second)), "apt install chrony (dnf install chrony), on both")
	} else {
		d.say(verdictOK, "clock beside the hub's", "the same", "")
	}
}
