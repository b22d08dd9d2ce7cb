package ledger

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
)

// TLSFiles name the PEM files that a client needs beyond what the system has, all
// optional. They count for an https server only. What they cannot say is for an
// HTTPClient of the application. No protocol below TLS 1.2 is spoken, and there is
// no way to skip the verification of a server.
type TLSFiles struct {
	// CA holds the certificates of the authorities that may vouch for the server,
	// instead of those of the system. It is read at Open.
	CA string
	// Cert and Key hold the client's certificate, followed by its chain, and its
	// private key, for a server that asks for them (mTLS): both or neither. They are
	// read at Open and again for every connection, so that renewed ones need no
	// restart. While they cannot be read or do not fit each other, the last ones that
	// did are used.
	Cert, Key string
}

// load reads the files. The errors name them and repeat nothing of a key.
func (f TLSFiles) load() (c *tls.Config, errs []error) {
	c = &tls.Config{MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		text, err := os.ReadFile(f.CA)
		c.RootCAs = x509.NewCertPool()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("CA: %w", err))
		case !c.RootCAs.AppendCertsFromPEM(text):
			errs = append(errs, fmt.Errorf("CA: %s holds no certificate in PEM form", f.CA))
		}
	}
	switch {
	case f.Cert == "" && f.Key == "":
	case f.Key == "":
		errs = append(errs, errors.New("names a Cert and no Key"))
	case f.Cert == "":
		errs = append(errs, errors.New("names a Key and no Cert"))
	default:
		pair := &keyPair{files: f}
		pair.last.Store(&tls.Certificate{}) // Shows none; nil would be a panic in crypto/tls.
		if err := pair.read(); err != nil {
			errs = append(errs, err)
		}
		c.GetClientCertificate = pair.get
	}
	return c, errs
}

// keyPair is the client's certificate and key as they were when they last fitted.
type keyPair struct {
	files TLSFiles
	last  atomic.Pointer[tls.Certificate]
}

func (p *keyPair) read() error {
	pair, err := tls.LoadX509KeyPair(p.files.Cert, p.files.Key)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", p.files.Cert, p.files.Key, err)
	}
	p.last.Store(&pair)
	return nil
}

// get is called in the handshake of every new connection. Reading two files costs
// less than the handshake, and asks no clock whether they changed.
func (p *keyPair) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	// They may be in the middle of being replaced. If that lasts, the server says so.
	_ = p.read()
	return p.last.Load(), nil
}

// tlsFiles are those that count, none for a server without TLS.
func (c Config) tlsFiles() TLSFiles {
	if u, err := url.Parse(c.url()); err != nil || u.Scheme != "https" {
		return TLSFiles{}
	}
	return c.TLS
}

// badTLS says what is wrong with them.
func (c Config) badTLS() []error {
	files := c.tlsFiles()
	if files == (TLSFiles{}) {
		return nil
	}
	if c.HTTPClient != nil {
		return []error{errors.New("HTTPClient is set too, and brings its own")}
	}
	_, errs := files.load()
	return errs
}

// tlsConfig is what the files say, nil if there are none. Validate has read them a
// moment ago; where that cannot be done again nobody is trusted, rather than
// everybody whom the system trusts.
func (c Config) tlsConfig() *tls.Config {
	files := c.tlsFiles()
	if files == (TLSFiles{}) {
		return nil
	}
	t, errs := files.load()
	if len(errs) > 0 {
		t.RootCAs = x509.NewCertPool()
	}
	return t
}
