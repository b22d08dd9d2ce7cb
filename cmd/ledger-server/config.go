package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/ingest"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/server"
)

const usage = `Usage: ledger-server [flags]

Takes log records by OTLP over HTTP (POST /v1/logs), keeps them in a SQLite file
and answers searches (GET /api/v1/logs).

Every flag can be given as an environment variable instead: LEDGER_SERVER_ and
its name in capitals, with _ for -; for -api-key it is LEDGER_SERVER_API_KEYS.
A flag comes before its variable.

`

// A config is what a run was asked for, checked.
type config struct {
	addr              *net.TCPAddr
	db                string
	keys              server.Keys
	insecure          bool
	requestsPerMinute int
	maxBody           int64
	maxConcurrent     int
	version           bool
}

// localOnly reports whether only requests that name a loopback host are served.
func (c config) localOnly() bool {
	return c.keys.Open() && !c.insecure
}

// parseConfig reads flags and environment. It returns flag.ErrHelp after it has
// written the usage to out because it was asked for.
func parseConfig(args []string, getenv func(string) string, out io.Writer) (config, error) {
	var (
		c        config
		addr     string
		keys     string
		keysFile string
	)
	fs := flag.NewFlagSet("ledger-server", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, not printed twice
	fs.StringVar(&addr, "addr", "127.0.0.1:4318", "`address` to listen on; port 0 takes a free one")
	fs.StringVar(&c.db, "db", filepath.Join("ledger-data", "logs.db"), "`file` of the database")
	fs.StringVar(&keys, "api-key", "", "accepted API `keys`, behind commas; other users of the machine can see flags")
	fs.StringVar(&keysFile, "api-keys-file", "", "`file` of accepted API keys, one a line")
	fs.BoolVar(&c.insecure, "insecure", false, "serve everyone who can reach the address, without keys")
	fs.IntVar(&c.requestsPerMinute, "requests-per-minute", 0, "`limit` of requests for each key, 0 for none")
	fs.Int64Var(&c.maxBody, "max-body", ingest.DefaultMaxBody, "largest body in `bytes`, as sent and decompressed")
	fs.IntVar(&c.maxConcurrent, "max-concurrent", ingest.DefaultMaxConcurrent, "`requests` taken at the same time")
	fs.BoolVar(&c.version, "version", false, "print the version and exit")

	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(out)
		fmt.Fprint(out, usage)
		fs.PrintDefaults()
	}
	if err != nil || c.version {
		return c, err
	}
	if fs.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if err := fromEnv(fs, getenv); err != nil {
		return c, err
	}
	err = c.check(addr, keys, keysFile)
	return c, err
}

// fromEnv sets each flag that was not given from its variable. A variable that
// is empty counts as unset.
func fromEnv(fs *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{"version": true} // not a setting
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var err error
	fs.VisitAll(func(f *flag.Flag) {
		name := envName(f.Name)
		value := getenv(name)
		if err != nil || given[f.Name] || value == "" {
			return
		}
		if e := fs.Set(f.Name, value); e != nil {
			err = fmt.Errorf("environment variable %s: not a valid value for -%s", name, f.Name)
		}
	})
	return err
}

func envName(flagName string) string {
	if flagName == "api-key" {
		flagName = "api-keys"
	}
	return "LEDGER_SERVER_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// check makes the rest of c of what was given as text, and refuses what cannot
// be meant.
func (c *config) check(addr, keys, keysFile string) (err error) {
	switch {
	case c.db == "":
		return errors.New("-db: no file given")
	case c.requestsPerMinute < 0:
		return errors.New("-requests-per-minute: less than 0")
	case c.maxBody < 1 || c.maxBody > 1<<30:
		return errors.New("-max-body: not between 1 and 1073741824")
	case c.maxConcurrent < 1:
		return errors.New("-max-concurrent: less than 1")
	}
	if c.keys, err = loadKeys(keys, keysFile); err != nil {
		return err
	}
	if c.addr, err = net.ResolveTCPAddr("tcp", addr); err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if c.keys.Open() && !c.insecure && !c.addr.IP.IsLoopback() {
		return fmt.Errorf("-addr %s can be reached from other machines and there are no API keys: "+
			"give some by -api-key or -api-keys-file, or -insecure if everyone may read and write", addr)
	}
	return nil
}

// loadKeys returns the keys of both sources. A source that is given and holds
// none is an error, for the same reason as in server.ReadKeys.
func loadKeys(list, file string) (server.Keys, error) {
	keys := server.SplitKeys(list)
	if list != "" && len(keys) == 0 {
		return server.Keys{}, errors.New("-api-key: no key in it")
	}
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return server.Keys{}, fmt.Errorf("-api-keys-file: %w", err)
		}
		more, err := server.ReadKeys(content)
		if err != nil {
			return server.Keys{}, fmt.Errorf("-api-keys-file %s: %w", file, err)
		}
		keys = append(keys, more...)
	}
	return server.NewKeys(keys)
}
