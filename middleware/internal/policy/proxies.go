package policy

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
)

// Proxies says whom to believe about the address of a client. The zero value believes
// nobody: forwarding headers are anyone's claim.
type Proxies struct {
	// Trusted are the networks of the proxies. A peer without an address, on a Unix
	// socket, counts as trusted if there is any.
	Trusted []netip.Prefix
	// Hops is the number of proxies in front, whatever their addresses. It is looked
	// at if Trusted is empty.
	Hops int
	// Forwarded reads the Forwarded header instead of X-Forwarded-For. Reading
	// whichever is there would let a client choose the one that its proxies do not
	// write.
	Forwarded bool
}

// Header returns the name of the header that tells the client, empty if none is
// believed.
func (p *Proxies) Header() string {
	switch {
	case len(p.Trusted) == 0 && p.Hops <= 0:
		return ""
	case p.Forwarded:
		return "Forwarded"
	}
	return "X-Forwarded-For"
}

// Believes reports whether what the peer (a host without a port) says of others is
// believed.
func (p *Proxies) Believes(peer string) bool {
	if len(p.Trusted) == 0 {
		return p.Hops > 0
	}
	if peer == "" || peer == "@" {
		return true
	}
	addr, ok := parseAddr(peer)
	return ok && p.trusts(addr)
}

// Client returns the address of the client whose request came from peer with these
// values of the header that [Proxies.Header] names. It is empty if peer is the client,
// or if what the proxies say makes no sense.
//
// Every proxy appends whom it heard from, so the list is read from its end. What the
// first stranger to the right claims of those before it is never looked at.
func (p *Proxies) Client(peer string, values []string) string {
	if !p.Believes(peer) {
		return ""
	}
	var client netip.Addr
	hops := 0
	for entry := range p.entries(values) {
		addr, ok := parseAddr(entry)
		if !ok {
			break // the proxy nearest to the client that can be told
		}
		hops++
		client = addr
		if len(p.Trusted) > 0 && !p.trusts(addr) || len(p.Trusted) == 0 && hops == p.Hops {
			return client.String()
		}
	}
	if len(p.Trusted) == 0 || !client.IsValid() {
		return "" // it did not come through all of the proxies
	}
	return client.String()
}

func (p *Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p.Trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// entries yields the addresses of the header from the last to the first. A repeated
// header is one list in several lines.
func (p *Proxies) entries(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(values) {
			for rest, more := line, true; more; {
				var entry string
				if rest, entry, more = cutLast(rest, p.Forwarded); p.Forwarded {
					entry = forwardedFor(entry)
				}
				if !yield(entry) {
					return
				}
			}
		}
	}
}

// cutLast cuts the last element from a list. A comma in quotes separates nothing.
func cutLast(list string, quotes bool) (before, last string, found bool) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case quotes && list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[:i], list[i+1:], true
		}
	}
	return "", list, false
}

// forwardedFor returns the for= of one element of a Forwarded header, empty if there
// is none.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(name), "for") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// parseAddr parses "a", "a:port", "[a]" and "[a]:port". Addresses of IPv4 in IPv6 are
// returned as IPv4, and a zone, which means something on one machine only, is cut off.
func parseAddr(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if host, ok := strings.CutPrefix(s, "["); ok {
		s, _, _ = strings.Cut(host, "]")
	} else if strings.Count(s, ":") == 1 {
		s, _, _ = strings.Cut(s, ":")
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}
