package middleware

import (
	"log/slog"
	"strconv"
	"strings"
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

// splitAddr splits "host:port" and "[v6]:port". Without a valid port it returns the
// host alone. It is not net.SplitHostPort, which takes an address without a port for
// an error, and allocates it: most servers are called by such a name.
func splitAddr(s string) (host string, port int, ok bool) {
	var after string
	if strings.HasPrefix(s, "[") {
		host, after, ok = strings.Cut(s[1:], "]")
		if !ok {
			return s, 0, false
		}
	} else {
		host, after, _ = strings.Cut(s, ":")
		if strings.Contains(after, ":") {
			return s, 0, false // an IPv6 address without brackets
		}
		after = s[len(host):]
	}
	if len(after) < 2 || after[0] != ':' {
		return host, 0, false
	}
	n, err := strconv.ParseUint(after[1:], 10, 16)
	if err != nil {
		return host, 0, false
	}
	return host, int(n), true
}
