//nolint:depguard,forbidigo // The standard log is what is tested.
package loggers

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStandardLog(t *testing.T) {
	arrivals := delivered(t, func(w io.Writer) {
		l := log.New(w, "", log.LstdFlags|log.Lmicroseconds|log.Lshortfile)
		l.Print("plain")
		l.Printf("[WARN] %d left\n", 2)
		l = log.New(w, "api ", log.LstdFlags|log.Lmsgprefix)
		l.Println("ERROR: not at its start")
	})
	require.Len(t, arrivals, 3)
	assert.Regexp(t, `^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} standard_test\.go:\d+: plain$`, arrivals[0].body)
	assert.Regexp(t, `: \[WARN\] 2 left$`, arrivals[1].body)
	assert.Equal(t, []int{9, 13, 9}, []int{arrivals[0].severity, arrivals[1].severity, arrivals[2].severity})
	for _, a := range arrivals {
		assert.Equal(t, "console", a.kind)
		assert.Empty(t, a.attrs)
	}
}

// A panic in a handler is the one thing that net/http logs with its stack.
func TestPanicsThatTheHTTPServerLogs(t *testing.T) {
	a := one(t, delivered(t, func(w io.Writer) {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
		srv.Config.ErrorLog = log.New(w, "", 0)
		srv.Start()
		defer srv.Close()
		_, err := srv.Client().Get(srv.URL)
		require.Error(t, err)
	}))
	assert.Regexp(t, `^http: panic serving 127\.0\.0\.1:\d+: boom$`, a.body)
	assert.Equal(t, "exception", a.kind)
	assert.Equal(t, 17, a.severity)
	assert.Equal(t, "panic", a.attrs["exception.type"])
	assert.Regexp(t, `^at net/http\.HandlerFunc\.ServeHTTP\(server\.go:\d+\)\nat `, a.attrs["exception.stacktrace"], "without this library's own frames")
}
