package otlp

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrefixAndRecordsAreAWholeRequest(t *testing.T) {
	attrs := []slog.Attr{slog.String("service.name", "shop"), slog.Group("host", slog.String("name", "h1"))}
	resource := AppendResource(nil, attrs)
	for _, count := range []int{0, 1, 2, 1000} {
		var records []byte
		for i := range count {
			records = AppendRecord(records, &Record{Time: int64(i), Body: strings.Repeat("x", i)})
		}
		body := AppendRequestPrefix([]byte("kept"), resource, "ledger", "1.2.3", len(records))
		require.Equal(t, "kept", string(body[:4]))

		req, err := DecodeRequest(append(body[4:], records...))
		require.NoError(t, err)
		require.Len(t, req.Resources, 1)
		assert.Equal(t, []slog.Attr{slog.String("service.name", "shop"), slog.String("host.name", "h1")}, req.Resources[0].Resource)
		require.Len(t, req.Resources[0].Scopes, 1)
		scope := req.Resources[0].Scopes[0]
		assert.Equal(t, "ledger", scope.Name)
		assert.Equal(t, "1.2.3", scope.Version)
		require.Len(t, scope.Records, count)
		for i, rec := range scope.Records {
			require.Equal(t, int64(i), rec.Time)
			require.Len(t, rec.Body, i)
		}
	}
}

func TestAPrefixWithoutNamesOrResourceIsValid(t *testing.T) {
	req, err := DecodeRequest(AppendRequestPrefix(nil, nil, "", "", 0))
	require.NoError(t, err)
	require.Len(t, req.Resources, 1)
	assert.Empty(t, req.Resources[0].Resource)
	assert.Len(t, req.Resources[0].Scopes, 1)
}

func TestScopeNamesAreRepaired(t *testing.T) { // E2
	req, err := DecodeRequest(AppendRequestPrefix(nil, nil, "a\xff", "b\x00", 0))
	require.NoError(t, err)
	assert.Equal(t, "a\uFFFD", req.Resources[0].Scopes[0].Name)
	assert.Equal(t, "b", req.Resources[0].Scopes[0].Version)
}

func TestResourceAttributesAreUnique(t *testing.T) { // E3
	got, err := DecodeResource(AppendResource(nil, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2), slog.Int("a", 3)}))
	require.NoError(t, err)
	assert.Equal(t, []slog.Attr{slog.Int("b", 2), slog.Int("a", 3)}, got)
}
