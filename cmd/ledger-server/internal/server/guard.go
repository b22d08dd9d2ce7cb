package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// A refusal writes an error in the form of a route (A4).
type refusal func(w http.ResponseWriter, r *http.Request, status int, message string)

// A guard stands before every route that gives or takes data.
type guard struct {
	keys      Keys
	limiter   *limiter
	localOnly bool
}

// before returns next behind the guard.
func (g *guard) before(next http.Handler, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.localOnly && !isLocal(r.Host) {
			refuse(w, r, http.StatusForbidden, "this server answers only to localhost")
			return
		}
		key, ok := g.keys.find(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="ledger-server"`)
			refuse(w, r, http.StatusUnauthorized, "no valid API key")
			return
		}
		if !g.limiter.take(w.Header(), key) {
			refuse(w, r, http.StatusTooManyRequests, "too many requests this minute")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// only returns next for one method, and HEAD where that is GET.
func only(method string, next http.HandlerFunc, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method || (method == http.MethodGet && r.Method == http.MethodHead) {
			next(w, r)
			return
		}
		w.Header().Set("Allow", method)
		refuse(w, r, http.StatusMethodNotAllowed, "only "+method)
	})
}

// isLocal reports whether a Host header names this machine by loopback (A3).
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
