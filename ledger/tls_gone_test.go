package ledger

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file that goes between Validate and its use must not widen the trust to the
// authorities of the system.
func TestNobodyIsTrustedOnceTheFilesAreGone(t *testing.T) {
	c := Config{Endpoint: "https://logs.example.com", TLS: TLSFiles{Cert: "/nonexistent/cert.pem", Key: "/nonexistent/key.pem"}}
	got := c.tlsConfig()
	require.NotNil(t, got)
	require.NotNil(t, got.RootCAs)
	assert.True(t, got.RootCAs.Equal(x509.NewCertPool()))
	assert.False(t, got.InsecureSkipVerify)
	cert, err := got.GetClientCertificate(nil)
	require.NoError(t, err)
	require.NotNil(t, cert, "crypto/tls looks into it")
	assert.Empty(t, cert.Certificate)

	c.TLS = TLSFiles{}
	assert.Nil(t, c.tlsConfig(), "the system's authorities are those of a Config that names none")
}
