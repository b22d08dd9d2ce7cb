// Package web is what tests of HTTP adapters have in common: a server on loopback over
// either protocol, and the client's half, with what must be recorded, of the requests
// that end alike under every framework. It imports no framework.
package web
