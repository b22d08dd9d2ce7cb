package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every middleware passes on the request and the response: one that answers by itself
// would look fast.
func TestEveryMiddlewareServes(t *testing.T) {
	for _, v := range httpVariants() {
		wrap, closed, err := v.open(t.TempDir())
		require.NoError(t, err, v.name)
		w := httptest.NewRecorder()
		wrap(application()).ServeHTTP(w, request())
		require.NoError(t, closed(), v.name)
		assert.Equal(t, http.StatusOK, w.Code, v.name)
		assert.Equal(t, 512, w.Body.Len(), v.name)
	}
	require.NoError(t, measureHTTP(1, 2*time.Millisecond))
}
