package ledger_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// tlsCollector is a collector behind TLS whose certificate and demands can change.
type tlsCollector struct {
	*collector
	config atomic.Pointer[tls.Config]
	client atomic.Pointer[big.Int] // the serial of the last client's certificate
}

func newTLSCollector(t *testing.T, cfg *tls.Config) *tlsCollector {
	t.Helper()
	c := &tlsCollector{collector: &collector{}}
	c.config.Store(cfg)
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if certs := r.TLS.PeerCertificates; len(certs) > 0 {
			c.client.Store(certs[0].SerialNumber)
		}
		c.collector.ServeHTTP(w, r)
	}))
	c.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	c.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.config.Load(), nil }}
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

// become changes the server for connections to come, of which the next request makes one.
func (c *tlsCollector) become(cfg *tls.Config) {
	c.config.Store(cfg)
	c.CloseClientConnections()
}

// Every fault of TLS keeps the records, says in stable words what is wrong, and is
// over as soon as it is repaired, at either end, without a restart.
func TestTLSFaultKeepsTheRecordsUntilItIsRepaired_L2(t *testing.T) {
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	good := ours.issue(t, nil).load(t)
	plain := &tls.Config{Certificates: []tls.Certificate{good}}
	// Under TLS 1.2 a client's certificate is refused within the handshake. Under
	// TLS 1.3 that is said later, and the word may be lost with the connection.
	demanding := &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.pool(), MaxVersion: tls.VersionTLS12}
	later := demanding.Clone()
	later.MaxVersion = tls.VersionTLS13
	presents := func(p pair) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{p.load(t)}} }
	notOurs := func(why string) []string { return []string{"TLS certificate not accepted" + why} }
	refused := func(why string) []string { return []string{"TLS refused by the server: " + why} }
	refusedLater := func(why string) []string { return append(refused(why), "connection closed") }

	for _, tt := range []struct {
		name    string
		server  *tls.Config
		client  *pair
		reasons []string
		repair  *tls.Config // of the server; nil gives the client a new certificate
	}{
		{"unknown authority", presents(other.issue(t, nil)), nil, notOurs(": unknown authority"), plain},
		{"expired", presents(ours.issue(t, expired)), nil, notOurs(": expired, or not valid yet"), plain},
		{"not valid yet", presents(ours.issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })), nil, notOurs(": expired, or not valid yet"), plain},
		{"wrong host name", presents(ours.issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"logs.example.com"} })), nil, notOurs(": it is for another host"), plain},
		{"wrong address", presents(ours.issue(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)} })), nil, notOurs(": it is for another host"), plain},
		{"not a server's", presents(ours.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[1:] })), nil, notOurs(""), plain},
		{"protocol too old", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil, refused("protocol version not supported"), plain},
		{"client's certificate missing", demanding, nil, refused("handshake failure"), plain},
		{"client's certificate missing, TLS 1.3", later, nil, refusedLater("certificate required"), plain},
		{"client's certificate of another authority", demanding, new(other.issue(t, nil)), refused("unknown certificate authority"), nil},
		{"client's certificate expired", demanding, new(ours.issue(t, expired)), refused("expired certificate"), nil},
		{"client's certificate expired, TLS 1.3", later, new(ours.issue(t, expired)), refusedLater("expired certificate"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, dir := newTLSCollector(t, tt.server), t.TempDir()
			cfg := config(t, srv.URL)
			cfg.TLS.CA = file(t, dir, "ca.pem", ours.pem)
			if tt.client != nil {
				cfg.TLS.Cert, cfg.TLS.Key = file(t, dir, "cert.pem", tt.client.cert), file(t, dir, "key.pem", tt.client.key)
			}
			c := open(t, cfg)
			logN(t, c, 1, 3)
			var h ledger.Health
			require.Eventually(t, func() bool {
				h = c.Health()
				return h.Delivery.Phase == sender.PhaseBackoff && h.Delivery.FailedAttempts >= 2
			}, patience, time.Millisecond)
			assert.Contains(t, tt.reasons, h.Delivery.Reason)
			assert.Equal(t, ledger.StatusDegraded, h.Status)
			assert.False(t, h.Losing)
			assert.Equal(t, uint64(3), balance(t, c).Pending)
			assert.Zero(t, srv.count(), "no request arrived")

			if tt.repair != nil {
				srv.become(tt.repair)
			} else {
				renewed := ours.issue(t, nil)
				file(t, dir, "cert.pem", renewed.cert)
				file(t, dir, "key.pem", renewed.key)
			}
			require.NoError(t, c.Flush(within(t)))
			assert.Equal(t, messages(1, 3), srv.bodies())
			s := balance(t, c)
			assert.Equal(t, uint64(3), s.Delivered)
		})
	}
}

func TestRenewedClientCertificateNeedsNoRestart(t *testing.T) {
	ca, dir := newAuthority(t, "ours"), t.TempDir()
	srv := newTLSCollector(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil).load(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()})
	first, second := ca.issue(t, nil), ca.issue(t, nil)
	cfg := config(t, srv.URL)
	cfg.TLS = ledger.TLSFiles{CA: file(t, dir, "ca.pem", ca.pem), Cert: file(t, dir, "cert.pem", first.cert), Key: file(t, dir, "key.pem", first.key)}
	c := open(t, cfg)
	deliver := func(i int) *big.Int {
		srv.CloseClientConnections() // A connection keeps the certificate that it was made with.
		logN(t, c, i, i)
		require.NoError(t, c.Flush(within(t)))
		return srv.client.Load()
	}
	assert.Equal(t, first.serial(t), deliver(1))

	file(t, dir, "cert.pem", second.cert)
	assert.Equal(t, first.serial(t), deliver(2), "the key is not there yet")
	require.NoError(t, os.Remove(cfg.TLS.Cert))
	assert.Equal(t, first.serial(t), deliver(3), "the certificate is gone")

	file(t, dir, "cert.pem", second.cert)
	file(t, dir, "key.pem", second.key)
	assert.Equal(t, second.serial(t), deliver(4))
	assert.Equal(t, messages(1, 4), srv.bodies())
}

func TestCertificatesComeFromTheEnvironment(t *testing.T) {
	ca, dir := newAuthority(t, "ours"), t.TempDir()
	srv := newTLSCollector(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil).load(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()})
	us := ca.issue(t, nil)
	environment(t, map[string]string{
		"LEDGER_DIR": filepath.Join(dir, "l"), "OTEL_EXPORTER_OTLP_ENDPOINT": srv.URL,
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        file(t, dir, "ca.pem", ca.pem),
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": file(t, dir, "cert.pem", us.cert),
		"OTEL_EXPORTER_OTLP_CLIENT_KEY":         file(t, dir, "key.pem", us.key),
	})
	cfg, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	c := open(t, cfg)
	logN(t, c, 1, 1)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 1), srv.bodies())
	assert.Equal(t, us.serial(t), srv.client.Load())
}

func TestFaultsOfTLSFilesAreNamedAtOpen(t *testing.T) {
	ca, dir := newAuthority(t, "ours"), t.TempDir()
	one, two := ca.issue(t, nil), ca.issue(t, nil)
	authorities, cert, key := file(t, dir, "ca.pem", ca.pem), file(t, dir, "cert.pem", one.cert), file(t, dir, "key.pem", one.key)
	strange, otherKey, missing := file(t, dir, "strange.pem", []byte("hunter2")), file(t, dir, "other.pem", two.key), filepath.Join(dir, "missing.pem")
	broken := file(t, dir, "broken.pem", []byte("-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"))
	for _, tt := range []struct {
		name  string
		files ledger.TLSFiles
		want  []string
	}{
		{"no authorities", ledger.TLSFiles{CA: missing}, []string{"CA: open " + missing + ": "}},
		{"not authorities", ledger.TLSFiles{CA: strange}, []string{"CA: " + strange + " holds no certificate in PEM form"}},
		{"a key is none", ledger.TLSFiles{CA: key}, []string{"CA: " + key + " holds no certificate in PEM form"}},
		{"no key", ledger.TLSFiles{Cert: cert}, []string{"names a Cert and no Key"}},
		{"no certificate", ledger.TLSFiles{Key: key}, []string{"names a Key and no Cert"}},
		{"key missing", ledger.TLSFiles{Cert: cert, Key: missing}, []string{missing}},
		{"certificate missing", ledger.TLSFiles{Cert: missing, Key: key}, []string{missing}},
		{"another's key", ledger.TLSFiles{Cert: cert, Key: otherKey}, []string{cert, otherKey, "does not match"}},
		{"not a key", ledger.TLSFiles{Cert: cert, Key: strange}, []string{cert, strange}},
		{"broken key", ledger.TLSFiles{Cert: cert, Key: broken}, []string{cert, broken}},
		{"not a certificate", ledger.TLSFiles{Cert: strange, Key: key}, []string{strange, key}},
		{"all at once", ledger.TLSFiles{CA: strange, Cert: cert, Key: otherKey}, []string{strange, otherKey}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t, "https://logs.example.com")
			cfg.TLS = tt.files
			_, err := ledger.Open(cfg)
			var one *ledger.ConfigError
			require.ErrorAs(t, err, &one)
			assert.Equal(t, "TLS", one.Field)
			for _, want := range append(tt.want, "ledger: config: TLS is not usable: ") {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NoDirExists(t, cfg.Dir)

			cfg.Endpoint = "http://logs.example.com"
			assert.NoError(t, cfg.Validate(), "it is not needed there")
		})
	}
	cfg := config(t, "https://logs.example.com")
	cfg.TLS = ledger.TLSFiles{CA: authorities, Cert: cert, Key: key}
	require.NoError(t, cfg.Validate())
	cfg.HTTPClient = &http.Client{}
	assert.EqualError(t, cfg.Validate(), "ledger: config: TLS is not usable: HTTPClient is set too, and brings its own")
}
