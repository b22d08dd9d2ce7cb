package ingest

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

var (
	errMethod   = fmt.Errorf("http method longer than %d characters", record.MaxMethod)
	errPath     = fmt.Errorf("http path longer than %d characters", record.MaxPath)
	errStatus   = errors.New("http status code is not a number of 16 bits")
	errDuration = errors.New("duration is not a number of 32 bits")
)

// endpointOf returns the request that a record of TypeEndpoint is about, or nil
// if it does not say all of it. It returns an error if it says what the
// platform's database has no room for.
func endpointOf(a attributes) (*record.Endpoint, error) {
	method, ok1 := a.get("http.request.method", "http.method")
	path, ok2 := a.get("http.route", "url.path")
	status, ok3 := a.get("http.response.status_code", "http.status_code")
	duration, ok4 := a.get("ledger.duration_ms")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, nil
	}
	e := &record.Endpoint{}
	e.Method, _ = textOf(method)
	e.Path, _ = textOf(path)
	code, isNumber := numberOf(status)
	ms, isDuration := numberOf(duration)
	switch {
	case record.Longer(e.Method, record.MaxMethod):
		return nil, errMethod
	case record.Longer(e.Path, record.MaxPath):
		return nil, errPath
	case !isNumber || code != math.Trunc(code) || code < record.MinStatusCode || code > record.MaxStatusCode:
		return nil, errStatus
	case !isDuration || ms < record.MinDurationMS || ms > record.MaxDurationMS:
		return nil, errDuration
	}
	e.StatusCode, e.DurationMS = int(code), ms
	return e, nil
}

// endpointLength returns about how many characters the platform adds to the
// attributes for an endpoint: it repeats these there.
func endpointLength(e *record.Endpoint, a attributes) int {
	if e == nil {
		return 0
	}
	n := len(`"endpoint": {"method": "", "path": "", "status_code": -12345, "duration_ms": -1234567890.123}, `)
	n += jsonLength(e.Method) + jsonLength(e.Path)
	for _, name := range []string{"url.query", "ledger.path_params", "ledger.response_body"} {
		if v, ok := a.get(name); ok {
			field, _ := appendField(nil, name, v)
			n += jsonLength(string(field))
		}
	}
	return n
}

// numberOf returns a number, also one that was sent as text. It is never
// infinite or not a number.
func numberOf(v pcommon.Value) (float64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true
	case pcommon.ValueTypeDouble:
		return v.Double(), true
	case pcommon.ValueTypeStr:
		f, err := strconv.ParseFloat(v.Str(), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}
