package middleware

import (
	"net/http"
	"path"
	"strings"
)

// Matcher is a router that can be asked which pattern a request matches. A
// *http.ServeMux is one.
type Matcher interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

// route returns the pattern that the exchange matched, empty if there is none (M5).
// It never returns the path.
func (c *config) route(x *serving) string {
	if p := x.state.Route(); p != "" {
		return p
	}
	if c.routeFunc != nil {
		if p := contained(c, "", func() string { return c.routeFunc(x.inner) }); p != "" {
			return p
		}
	}
	if p := patternOf(x.inner, x.inner.Pattern); p != "" {
		return p
	}
	if c.mux != nil {
		// Another middleware in between took a copy of the request, and the
		// mux wrote the pattern there.
		return contained(c, "", func() string {
			_, p := c.mux.Handler(x.outer)
			return patternOf(x.outer, p)
		})
	}
	return ""
}

// patternOf returns the path of a pattern that a mux gives for r. For a CONNECT that it
// redirects to the same path, cleaned and with a slash, it gives that path instead of a
// pattern. No pattern that the path itself matches is written so.
func patternOf(r *http.Request, pattern string) string {
	if r.Method == http.MethodConnect && pattern == path.Clean("/"+r.URL.Path)+"/" && !strings.HasSuffix(r.URL.Path, "/") {
		return ""
	}
	return trimPattern(pattern)
}

// trimPattern cuts method and host from a pattern of net/http: "GET example.com/a"
// becomes "/a".
func trimPattern(p string) string {
	if i := strings.IndexByte(p, '/'); i >= 0 {
		return p[i:]
	}
	return ""
}
