package middleware

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHeadersAreRecordedByName(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["X-Tenant"] = []string{"a", "b"}
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("X-Internal", "secret")
	r.Header.Set("Accept", "text/html")
	got := direct(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Set-Cookie", "s=1")
	}, r,
		WithRequestHeaders("x-tenant", "AUTHORIZATION", "X-Internal", "X-Absent"), WithRequestHeaders("X-Tenant"),
		WithResponseHeaders("etag", "set-cookie"), WithDeniedHeaders("x-internal")).one(t).attrs
	headers := map[string]any{}
	for k, v := range got {
		if len(k) > 12 && (k[:12] == "http.request" || k[:13] == "http.response") {
			headers[k] = v
		}
	}
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "http.request.body.size": int64(0),
		"http.response.status_code": int64(200), "http.response.body.size": int64(0),
		"http.request.header.x-tenant": []string{"a", "b"}, "http.response.header.etag": []string{`"v1"`},
	}, headers)
}

func TestHeadersAreThoseThatWereSent(t *testing.T) {
	got := direct(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Tenant", "changed")
		w.Header().Set("X-Version", "1")
		w.Header().Set("X-Request-Id", "sent")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-Version", "2")
		w.Header().Set("X-Request-Id", "late")
	}, tenantRequest(), WithRequestHeaders("X-Tenant"), WithResponseHeaders("X-Version")).one(t).attrs
	assert.Equal(t, []string{"a"}, got["http.request.header.x-tenant"])
	assert.Equal(t, []string{"1"}, got["http.response.header.x-version"])
	assert.Equal(t, "sent", got["request.id"])
}

func tenantRequest() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Tenant", "a")
	return r
}

// A handler that answered a time-out leaves a goroutine behind that still works with
// both headers. net/http allows that once the header was sent; so must we. The race
// detector is the judge, and the runtime, which ends the process for it.
func TestAHandlersGoroutineMayChangeHeadersAfterTheyWereSent_M2(t *testing.T) {
	release, finished := make(chan struct{}), make(chan struct{})
	c := newCapture()
	c.before = func() { <-finished }
	r := tenantRequest()
	wrap(c, WithRequestHeaders("X-Tenant"), WithResponseHeaders("X-Version"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGatewayTimeout)
		go func() {
			defer close(finished)
			<-release
			for range 1000 {
				w.Header().Set("X-Version", "late")
				r.Header.Set("X-Tenant", "late")
				r.Header.Set("User-Agent", "late")
			}
		}()
		close(release)
	})).ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, []string{"a"}, c.one(t).attrs["http.request.header.x-tenant"])
}
