package exchange

import (
	"math"
	"strings"
)

// peer adds the address of the connection's other end, and the client's, which is the
// same unless somebody whom the application trusts says otherwise.
func (f *Facts) peer(p *pairs) {
	client := f.Client
	host, port, ok := SplitAddr(f.Peer)
	if host != "" && host != "@" { // "@" is an unnamed Unix socket
		p.text(keyPeerAddress, host)
		if ok {
			p.number(keyPeerPort, int64(port))
		}
		if client == "" {
			client = host
		}
	}
	p.text(keyClient, client)
}

// server adds the name by which the client called the server.
func (f *Facts) server(p *pairs) {
	host, port, ok := SplitAddr(f.Host)
	if host == "" {
		return
	}
	p.text(keyServerAddress, host)
	if ok {
		p.number(keyServerPort, int64(port))
	}
}

// SplitAddr splits "host:port" and "[v6]:port". Without a valid port it returns the
// host alone. It is not net.SplitHostPort, which takes an address without a port for
// an error, and allocates it: most servers are called by such a name.
func SplitAddr(s string) (host string, port int, ok bool) {
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
	port, ok = parsePort(after[1:])
	return host, port, ok
}

// parsePort is strconv.ParseUint for a port, at a third of its cost: every request has
// two.
func parsePort(s string) (port int, ok bool) {
	if s == "" || len(s) > len("65535") {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		port = port*10 + int(c)
	}
	if port > math.MaxUint16 {
		return 0, false
	}
	return port, true
}
