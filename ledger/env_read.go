package ledger

import (
	"encoding"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/target"
)

// env reads variables and collects what cannot be read.
type env struct{ errs []error }

func (e *env) bad(field, name, what string) {
	e.errs = append(e.errs, &ConfigError{field, fmt.Sprintf("cannot be read from %s: %s", name, what)})
}

// lookup returns the first of the variables that is set, with its name. An empty
// one counts as unset, as OpenTelemetry has it.
func (e *env) lookup(names ...string) (name, value string) {
	for _, name := range names {
		if s := strings.TrimSpace(os.Getenv(name)); s != "" {
			return name, s
		}
	}
	return "", ""
}

func (e *env) text(names ...string) string {
	_, s := e.lookup(names...)
	return s
}

func (e *env) number(field, name string) int64 {
	s := e.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		e.bad(field, name, "not a whole number")
		return 0
	}
	return n
}

// count reads a whole number as OpenTelemetry bounds it, from 0 to 2^31-1.
func (e *env) count(field, what string, names ...string) (n int, ok bool) {
	name, s := e.lookup(names...)
	if s == "" {
		return 0, false
	}
	v, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		e.bad(field, name, "not "+what)
		return 0, false
	}
	return int(v), true
}

func (e *env) duration(field, name string) time.Duration {
	s := e.text(name)
	if s == "" {
		return 0
	}
	const what = "not a duration such as 5s or 100ms"
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		d := seconds * float64(time.Second)
		if !(math.Abs(d) < math.MaxInt64) { // NaN is not either.
			e.bad(field, name, what)
			return 0
		}
		return time.Duration(d)
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		e.bad(field, name, what)
	}
	return d
}

// milliseconds reads a duration as OpenTelemetry writes it.
func (e *env) milliseconds(field string, names ...string) (d time.Duration, ok bool) {
	n, ok := e.count(field, "a whole number of milliseconds", names...)
	return time.Duration(n) * time.Millisecond, ok
}

func (e *env) unmarshal(field, name string, to encoding.TextUnmarshaler) {
	s := e.text(name)
	if s == "" {
		return
	}
	if err := to.UnmarshalText([]byte(s)); err != nil {
		e.bad(field, name, err.Error())
	}
}

// attributes reads a list of the form k=v,k=v in which keys and values are
// percent-encoded. A list with a fault counts as unset, whole.
func (e *env) attributes(field, name string) map[string]string {
	out := map[string]string{}
	for k, v := range pairs(e.text(name)) {
		key, err := url.PathUnescape(k)
		value, valueErr := url.PathUnescape(v)
		if key == "" || err != nil || valueErr != nil {
			e.bad(field, name, "not a list of the form key=value,key=value")
			return nil
		}
		out[key] = value
	}
	return out
}

// headers reads a list of the form k=v,k=v in which values are percent-encoded; a
// percent sign in a name is one. The last of several of a name counts. A list with
// a fault counts as unset, whole: half of what a server asks for opens no door.
func (e *env) headers(field string, names ...string) map[string]string {
	name, s := e.lookup(names...)
	out, spelled := map[string]string{}, map[string]string{}
	for key, v := range pairs(s) {
		value, err := url.PathUnescape(v)
		if err != nil || target.BadHeader(key, value) {
			e.bad(field, name, "not a list of headers of the form name=value,name=value")
			return nil
		}
		canonical := http.CanonicalHeaderKey(key)
		delete(out, spelled[canonical])
		out[key], spelled[canonical] = value, key
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// pairs yields the keys and values of a list as W3C Baggage has them: space around
// them is not theirs, only the first equals sign counts, and what follows a
// semicolon is part of the value. A member without an equals sign has an empty key.
func pairs(list string) func(yield func(k, v string) bool) {
	return func(yield func(k, v string) bool) {
		for member := range strings.SplitSeq(list, ",") {
			if strings.TrimSpace(member) == "" {
				continue
			}
			k, v, ok := strings.Cut(member, "=")
			if !ok {
				k = ""
			}
			if !yield(strings.TrimSpace(k), strings.TrimSpace(v)) {
				return
			}
		}
	}
}
