package proxies

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// secure makes nginx speak TLS and HTTP/2, with a certificate of an authority of its own.
func (n *nginx) secure() {
	n.t.Helper()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	host, _, err := net.SplitHostPort(n.addr)
	require.NoError(n.t, err)
	caKey := n.issue("ca", ca, ca, nil)
	// It is reached through a proxy of this package, too.
	n.issue("server", &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(host)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, caKey)
	// "http2 on" is for nginx 1.25 and later, which knows this form too.
	n.listen, n.server = "ssl http2", "ssl_certificate server.pem; ssl_certificate_key server.key;"
}

// issue writes a certificate and its key, signed by that of the parent or by itself.
func (n *nginx) issue(name string, cert, parent *x509.Certificate, signer *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(n.t, err)
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	require.NoError(n.t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(n.t, err)
	for ext, block := range map[string]*pem.Block{
		".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		require.NoError(n.t, os.WriteFile(filepath.Join(n.dir, name+ext), pem.EncodeToMemory(block), 0o600))
	}
	return key
}

func (n *nginx) ca() string { return filepath.Join(n.dir, "ca.pem") }

// trust is for a client of the test itself.
func (n *nginx) trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(n.read("ca.pem")))
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func TestDeliveryOverHTTP2WithACertificateOfOurOwn(t *testing.T) {
	t.Parallel()
	srv := listening(t)
	n := newNginx(t, srv.addr)
	n.secure()
	n.start()
	s := newShipper(t, "https://"+n.addr, func(c *ledger.Config) { c.TLS.CA = n.ca() })
	for range 20 {
		s.log(100)
		s.deliver()
	}
	books, copies := s.audit(srv)
	assert.Zero(t, copies)
	assert.Zero(t, books.Failures)
	require.NoError(t, s.Close())

	posts := n.posts()
	assert.Equal(t, map[string]int{"HTTP/2.0": int(books.Requests)}, tally(posts, byProtocol))
	assert.Len(t, tally(posts, byConnection), 1, "P5: one connection carries all")
}

// The connection of HTTP/2 dies without a word, as when something on the way forgets it:
// the attempts that follow must not use it again.
func TestADeadHTTP2ConnectionIsLeft(t *testing.T) {
	for _, tt := range []struct {
		inFlight int
		costs    uint64 // most requests that fail per dead connection
	}{
		{1, 1},
		{4, 5}, // The probe may begin while the last of the four still waits on that connection.
	} {
		t.Run(fmt.Sprint(tt.inFlight), func(t *testing.T) {
			t.Parallel()
			srv := listening(t)
			n := newNginx(t, srv.addr)
			n.secure()
			n.start()
			p := newProxy(t, n.addr)
			s := newShipper(t, "https://"+p.addr, func(c *ledger.Config) {
				c.TLS.CA, c.Timeout, c.MaxInFlight = n.ca(), time.Second, tt.inFlight
			})
			s.log(100)
			s.deliver()
			for range 2 {
				p.strand()
				s.log(100)
				s.deliver()
			}
			books, copies := s.audit(srv)
			assert.Zero(t, copies, "nothing passed on it")
			assert.GreaterOrEqual(t, books.Failures, uint64(2))
			assert.LessOrEqual(t, books.Failures, 2*tt.costs)
			require.NoError(t, s.Close())
			assert.Equal(t, map[string]int{"HTTP/2.0": int(books.Requests - books.Failures)}, tally(n.posts(), byProtocol))
		})
	}
}
