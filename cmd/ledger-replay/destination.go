package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/target"
)

// destination is where records go and what opens the door there. Neither the key
// nor the value of a header ever leaves it except in a request (R6).
type destination struct {
	url     string
	header  http.Header
	apiKey  string
	keyFrom string // "file", "LEDGER_API_KEY" or "none"
}

// destinationFlags are the flags that name it.
type destinationFlags struct {
	to, keyFile, headerFile string
	headers                 []string
}

// resolve reads flags, then LEDGER_*, then OTEL_*. Headers of OTEL_* go only to the
// endpoint of OTEL_*: what is meant for one server is not given to another.
func (f *destinationFlags) resolve(getenv func(string) string) (destination, error) {
	d := destination{header: http.Header{}, keyFrom: "none"}
	endpoint := f.to
	if endpoint == "" {
		endpoint = strings.TrimSpace(getenv("LEDGER_BASE_URL"))
	}
	if endpoint == "" {
		if endpoint = strings.TrimSpace(getenv("OTEL_EXPORTER_OTLP_ENDPOINT")); endpoint != "" {
			if err := d.addOTel(getenv("OTEL_EXPORTER_OTLP_HEADERS")); err != nil {
				return d, err
			}
		}
	}
	if reason := badEndpoint(endpoint); reason != "" {
		return d, fmt.Errorf("--to %s", reason)
	}
	d.url = target.Logs(endpoint)
	return d, errors.Join(d.addHeaders(f), d.addKey(f, getenv))
}

func (d *destination) addOTel(list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		text, err := url.PathUnescape(value)
		if !ok || err != nil || d.setHeader(name, text) != nil {
			return errors.New("OTEL_EXPORTER_OTLP_HEADERS is not a list of the form key=value,key=value")
		}
	}
	return nil
}

// addHeaders adds those of the file and then those of the flags, which replace
// others of their name.
func (d *destination) addHeaders(f *destinationFlags) error {
	var errs []error
	if f.headerFile != "" {
		text, err := os.ReadFile(f.headerFile)
		if err != nil {
			return fmt.Errorf("--header-file: %w", err)
		}
		n := 0
		for line := range strings.SplitSeq(string(text), "\n") {
			n++
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if err := d.addHeader(line); err != nil {
				errs = append(errs, fmt.Errorf("--header-file: line %d %w", n, err))
			}
		}
	}
	for i, h := range f.headers {
		if err := d.addHeader(h); err != nil {
			errs = append(errs, fmt.Errorf("--header: number %d %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

var errNotHeader = errors.New("is not of the form name=value")

// addHeader adds "name=value" or "name: value". Its error repeats nothing of it.
func (d *destination) addHeader(s string) error {
	at := strings.IndexAny(s, "=:")
	if at <= 0 {
		return errNotHeader
	}
	return d.setHeader(s[:at], s[at+1:])
}

func (d *destination) setHeader(name, value string) error {
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if target.BadHeader(name, value) {
		return errNotHeader
	}
	d.header.Set(name, value)
	return nil
}

// addKey adds the API key: that of the file, else that of the environment, which
// yields to an Authorization header.
func (d *destination) addKey(f *destinationFlags, getenv func(string) string) error {
	hasHeader := d.header.Get("Authorization") != ""
	switch {
	case f.keyFile != "" && hasHeader:
		return errors.New("--api-key-file and an Authorization header exclude each other")
	case f.keyFile != "":
		text, err := os.ReadFile(f.keyFile)
		if err != nil {
			return fmt.Errorf("--api-key-file: %w", err)
		}
		d.apiKey, d.keyFrom = strings.TrimSpace(string(text)), "file"
		if d.apiKey == "" {
			return errors.New("--api-key-file: the file is empty")
		}
	case !hasHeader:
		if d.apiKey = strings.TrimSpace(getenv("LEDGER_API_KEY")); d.apiKey != "" {
			d.keyFrom = "LEDGER_API_KEY"
		}
	}
	if target.BadKey(d.apiKey) {
		return errors.New("the API key holds characters that a header cannot carry")
	}
	return nil
}

// redact takes out of a server's words what it was told in confidence: some servers
// repeat the key that they refuse (R6). Short values are left: hiding a tenant's "1"
// would spoil every message.
func (d *destination) redact(s string) string {
	const secret = 8
	values := []string{d.apiKey}
	for _, v := range d.header {
		values = append(values, v...)
	}
	for _, v := range values {
		if len(v) >= secret {
			s = strings.ReplaceAll(s, v, "[redacted]")
		}
	}
	return s
}

// headerNames are what may be said of the headers.
func (d *destination) headerNames() []string {
	return append([]string{}, slices.Sorted(maps.Keys(d.header))...) // [], not null, in JSON.
}

// plainSecret reports whether something secret would cross the network unencrypted.
func (d *destination) plainSecret() bool {
	u, err := url.Parse(d.url)
	if err != nil || u.Scheme != "http" || d.apiKey == "" && len(d.header) == 0 {
		return false
	}
	host := u.Hostname()
	return host != "localhost" && host != "::1" && !strings.HasPrefix(host, "127.")
}

// badEndpoint says what is wrong with an endpoint, "" if nothing is, and what to do.
func badEndpoint(s string) string {
	fault := target.Check(s, true)
	switch fault {
	case target.Empty:
		return "is missing: name the server's base URL, there or in LEDGER_BASE_URL"
	case target.UserInfo:
		return string(fault) + ": use --api-key-file or --header"
	case target.Query:
		return string(fault) + ": it is a base URL"
	default:
		return string(fault)
	}
}
