package middleware

import (
	"log/slog"
	"net"
	"strconv"
)

// appendPeer appends the address of the connection's other end. It is the client's
// as well: forwarding headers are anyone's claim.
func appendPeer(dst []slog.Attr, addr string) []slog.Attr {
	host, port, ok := splitAddr(addr)
	if host == "" || host == "@" { // "@" is an unnamed Unix socket
		return dst
	}
	dst = append(dst, slog.String("network.peer.address", host))
	if ok {
		dst = append(dst, slog.Int("network.peer.port", port))
	}
	return append(dst, slog.String("client.address", host))
}

// appendServer appends the name by which the client called the server.
func appendServer(dst []slog.Attr, hostport string) []slog.Attr {
	host, port, ok := splitAddr(hostport)
	if host == "" {
		return dst
	}
	dst = append(dst, slog.String("server.address", host))
	if ok {
		dst = append(dst, slog.Int("server.port", port))
	}
	return dst
}

// splitAddr splits "host:port". Without a valid port the whole is the host, less the
// brackets of an IPv6 address.
func splitAddr(s string) (host string, port int, ok bool) {
	h, p, err := net.SplitHostPort(s)
	if err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); err == nil {
			return h, int(n), true
		}
		return h, 0, false
	}
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	return s, 0, false
}
