package policy

import (
	"slices"
	"strings"
)

// Noise knows the paths that scanners, crawlers and browsers ask every server for.
// Case does not matter, nor do repeated slashes: //WP-LOGIN.PHP is asked for too.
type Noise struct {
	exact, prefixes, suffixes []string
}

// NewNoise returns a list that holds the built-in paths and extra: "/path" is that
// path, "/dir/" everything below it, and "*.ext" every path that ends so.
func NewNoise(extra ...string) *Noise {
	n := &Noise{
		exact: []string{
			"/ads.txt", "/apple-touch-icon-precomposed.png", "/apple-touch-icon.png", "/favicon.ico",
			"/phpmyadmin", "/robots.txt", "/sitemap.xml", "/wp-admin", "/xmlrpc",
		},
		prefixes: []string{
			"/.aws/", "/.env", "/.git/", "/.ssh/", "/.svn/", "/.vscode/", "/.well-known/", "/actuator/", "/admin/",
			"/cgi-bin/", "/phpmyadmin/", "/vendor/phpunit/", "/wp-admin/", "/wp-content/", "/wp-includes/", "/wp-json/",
		},
		suffixes: []string{".asp", ".aspx", ".cgi", ".jsp", ".php", ".xml"},
	}
	for _, path := range extra {
		n.add(strings.ToLower(strings.TrimSpace(path)))
	}
	return n
}

func (n *Noise) add(path string) {
	switch ext, ok := strings.CutPrefix(path, "*"); {
	case ok && ext != "":
		n.suffixes = append(n.suffixes, ext)
	case len(path) < 2 || path[0] != '/':
		// The root is no noise.
	case strings.HasSuffix(path, "/"):
		n.prefixes = append(n.prefixes, path)
	default:
		n.exact = append(n.exact, path)
	}
}

// Match reports whether a path is one of these.
func (n *Noise) Match(path string) bool {
	if n == nil {
		return false
	}
	path = strings.ToLower(path)
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return slices.Contains(n.exact, path) ||
		slices.ContainsFunc(n.prefixes, func(p string) bool { return strings.HasPrefix(path, p) }) ||
		slices.ContainsFunc(n.suffixes, func(s string) bool { return strings.HasSuffix(path, s) })
}
