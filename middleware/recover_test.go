package middleware

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPanicIsAnswered500IfNothingWasSent(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		s := p.serve(t, wrap(c, WithRecover())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			w.Header().Set("X-Kept", "1")
			w.WriteHeader(http.StatusEarlyHints) // precedes an answer, and is none
			panic("boom")
		})))
		resp, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 500, resp.StatusCode)
		assert.Equal(t, "Internal Server Error\n", string(body))
		assert.Equal(t, "1", resp.Header.Get("X-Kept"))
		r := c.one(t)
		assert.EqualError(t, r.Err, "boom")
		assert.Contains(t, string(r.Stack), "recover_test.go")
		assert.Equal(t, int64(500), r.attrs["http.response.status_code"])
		assert.Equal(t, int64(len(body)), r.attrs["http.response.body.size"])
	})
}

func TestAResponseThatWasBegunIsCutOff(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		s := p.serve(t, wrap(c, WithRecover())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic("boom")
		})))
		resp, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		assert.Error(t, err, "a part must not pass for the whole")
		assert.Equal(t, "part", string(body))
		assert.Equal(t, int64(200), c.one(t).attrs["http.response.status_code"])
	})
}

func TestAHijackedConnectionIsLeftAloneAfterAPanic(t *testing.T) {
	c := newCapture()
	s := protocol{}.serve(t, wrap(c, WithRecover())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "mine")
		panic("boom")
	})))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(answer))
	assert.Equal(t, "GET / 101", c.one(t).Message)
}

// takenOver is a writer whose connection can be taken over.
type takenOver struct{ http.ResponseWriter }

func (takenOver) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

func TestNothingIsRaisedOnAHijackedConnection(t *testing.T) {
	c := newCapture()
	w := httptest.NewRecorder()
	assert.NotPanics(t, func() {
		wrap(c, WithRecover())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _, _ = http.NewResponseController(w).Hijack()
			panic("boom")
		})).ServeHTTP(takenOver{w}, httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.Empty(t, w.Body.String())
	assert.EqualError(t, c.one(t).Err, "boom")
}

func TestWhatIsNoFaultIsNotAnswered(t *testing.T) {
	c := newCapture()
	w := httptest.NewRecorder()
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		wrap(c, WithRecover())(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.Empty(t, w.Body.String())
	c.one(t)
}

// broken is a writer that panics.
type broken struct{ http.ResponseWriter }

func (broken) Header() http.Header       { return http.Header{} }
func (broken) Write([]byte) (int, error) { panic("broken writer") }
func (broken) WriteHeader(int)           { panic("broken writer") }
func (broken) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("no")
}

func TestAWriterThatPanicsTooIsGivenUp(t *testing.T) {
	c := newCapture()
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		wrap(c, WithRecover())(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
			ServeHTTP(broken{}, httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.EqualError(t, c.one(t).Err, "boom")
}
