package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func keys(t *testing.T, list ...string) Keys {
	t.Helper()
	k, err := NewKeys(list)
	require.NoError(t, err)
	return k
}

func TestKeyIsFoundWhereClientsPutIt(t *testing.T) { // A1
	k := keys(t, "ledger_one", "ledger_two")
	for _, row := range []struct {
		name    string
		headers []string
		number  int
		ok      bool
	}{
		{"nothing", nil, 0, false},
		{"X-API-Key", []string{"X-API-Key", "ledger_two"}, 1, true},
		{"bearer", []string{"Authorization", "Bearer ledger_one"}, 0, true},
		{"bearer in any case", []string{"Authorization", "bearer  ledger_two"}, 1, true},
		{"alone", []string{"Authorization", "ledger_two"}, 1, true},
		{"X-API-Key comes first", []string{"X-API-Key", "wrong", "Authorization", "Bearer ledger_one"}, 0, false},
		{"wrong", []string{"Authorization", "Bearer ledger_three"}, 0, false},
		{"the beginning of one", []string{"Authorization", "Bearer ledger_on"}, 0, false},
		{"one and more", []string{"Authorization", "Bearer ledger_one2"}, 0, false},
		{"two words", []string{"Authorization", "Bearer ledger_one ledger_two"}, 0, false},
		{"another scheme", []string{"Authorization", "Basic ledger_one"}, 0, false},
		{"empty", []string{"X-API-Key", "", "Authorization", "Bearer "}, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for i := 0; i < len(row.headers); i += 2 {
				r.Header.Set(row.headers[i], row.headers[i+1])
			}
			number, ok := k.find(r)
			assert.Equal(t, row.ok, ok)
			assert.Equal(t, row.number, number)

			_, ok = Keys{}.find(r)
			assert.True(t, ok, "without keys everyone is served")
		})
	}
}

func TestKeysAreReadStrictly(t *testing.T) {
	assert.Equal(t, []string{"a", "b"}, SplitKeys(" a ,,b,"))
	assert.Empty(t, SplitKeys(" , "))

	got, err := ReadKeys([]byte("# comment\n\n  a \r\nb"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, got)
	for _, file := range []string{"", "\n\n", "# only\n#comments"} {
		_, err := ReadKeys([]byte(file))
		assert.ErrorContains(t, err, "no key")
	}

	for _, bad := range []string{"", "a b", "a,b", "a\n", "ké"} {
		_, err := NewKeys([]string{"good", bad})
		require.ErrorContains(t, err, "API key 2 of 2")
		assert.NotContains(t, err.Error(), "good", "A2")
		if bad != "" {
			assert.NotContains(t, err.Error(), bad, "A2")
		}
	}
	assert.True(t, Keys{}.Open())
	assert.False(t, keys(t, "a").Open())
}

func TestLocalHosts(t *testing.T) { // A3
	for host, want := range map[string]bool{
		"localhost": true, "localhost:4318": true, "LOCALHOST.": true, "app.localhost:1": true,
		"127.0.0.1": true, "127.0.0.1:80": true, "127.8.9.1": true, "[::1]": true, "[::1]:80": true, "::1": true,
		"[::ffff:127.0.0.1]:1": true,
		"":                     false, "evil.example": false, "evil.example:4318": false, "localhost.evil.example": false,
		"notlocalhost": false, "192.168.0.1": false, "0.0.0.0": false, "[::]": false, "127.0.0.1.evil.example": false,
	} {
		assert.Equal(t, want, isLocal(host), host)
	}
}

func TestFirstFinalStatusIsCounted(t *testing.T) {
	var c counts
	h := c.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		if r.URL.Path == "/404" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte("x"))
		assert.NoError(t, http.NewResponseController(w).Flush(), "what is underneath can be reached")
	}))
	for _, path := range []string{"/", "/", "/404"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	assert.Equal(t, map[string]int64{"200": 2, "404": 1}, c.byStatus())
}
