package sender

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Learned is what a server let us know of its limits, and how far we used them. It is
// kept in the state file, so that a restart neither asks the same again nor overruns a
// limit. Zero means that nothing is known.
type Learned struct {
	// MaxRecords and MaxBytes (before compression) of a batch: what was accepted
	// after more was refused as too large, or what the server's settings say.
	MaxRecords int `json:"max_records,omitempty"`
	MaxBytes   int `json:"max_bytes,omitempty"`
	// Requests and records that the server counts per minute and per hour.
	RequestsPerMinute int `json:"requests_per_minute,omitempty"`
	RequestsPerHour   int `json:"requests_per_hour,omitempty"`
	RecordsPerMinute  int `json:"records_per_minute,omitempty"`
	RecordsPerHour    int `json:"records_per_hour,omitempty"`
	// QuotaReset is when a used up quota is whole again.
	QuotaReset time.Time `json:"quota_reset,omitzero"`
	// UsedUntil is when requests were sent last, to within a second after it.
	UsedUntil time.Time `json:"used_until,omitzero"`
}

// numbers is the form in which l is stored.
func (l *Learned) numbers() []uint64 {
	var out []uint64
	for _, n := range l.ints() {
		out = append(out, uint64(*n))
	}
	for _, t := range l.times() {
		n := uint64(0)
		if !t.IsZero() {
			n = uint64(t.UnixNano())
		}
		out = append(out, n)
	}
	return out
}

// learnedFrom is the inverse of numbers. Of a series that is longer, written by a later
// version, it takes what it knows.
func learnedFrom(n []uint64) Learned {
	var l Learned
	next := func() (v uint64) {
		if len(n) > 0 {
			v, n = n[0], n[1:]
		}
		return v
	}
	for _, to := range l.ints() {
		*to = int(min(next(), 1<<31))
	}
	for _, to := range l.times() {
		if v := next(); v != 0 {
			*to = time.Unix(0, int64(v))
		}
	}
	return l
}

func (l *Learned) ints() []*int {
	return []*int{&l.MaxRecords, &l.MaxBytes, &l.RequestsPerMinute, &l.RequestsPerHour, &l.RecordsPerMinute, &l.RecordsPerHour}
}

func (l *Learned) times() []*time.Time { return []*time.Time{&l.QuotaReset, &l.UsedUntil} }

// fromAnswer takes in what an answer's header says. Ledger counts records against the
// same numbers as requests, and says so only by a 429 without them: the limit that was
// overrun is then the one on records.
func (l *Learned) fromAnswer(a answer) {
	minute, hour := limitHeader(a.header, "X-RateLimit-Limit-Minute"), limitHeader(a.header, "X-RateLimit-Limit-Hour")
	if minute > 0 {
		l.RequestsPerMinute = minute
	}
	if hour > 0 {
		l.RequestsPerHour = hour
	}
	if a.status == http.StatusTooManyRequests && minute == 0 && hour == 0 && a.header.Get("Retry-After") != "" {
		l.RecordsPerMinute, l.RecordsPerHour = l.RequestsPerMinute, l.RequestsPerHour
	}
}

func limitHeader(h http.Header, name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	if err != nil || n < 1 || n > 1<<30 {
		return 0
	}
	return n
}

// settings is what of a Ledger server's GET /api/v1/settings concerns delivery.
type settings struct {
	RateLimits struct {
		Minute int `json:"requests_per_minute"`
		Hour   int `json:"requests_per_hour"`
	} `json:"rate_limits"`
	Quotas struct {
		Reset string `json:"quota_reset_at"`
	} `json:"quotas"`
	Constraints struct {
		MaxBatch int `json:"max_batch_size"`
		FieldLimits
	} `json:"constraints"`
}

// FieldLimits are the server's limits for the fields of a record, in characters, but for
// Attributes in bytes. Zero is not known.
type FieldLimits struct {
	Message      int `json:"max_message_length"`
	ErrorType    int `json:"max_error_type_length"`
	ErrorMessage int `json:"max_error_message_length"`
	StackTrace   int `json:"max_stack_trace_length"`
	Attributes   int `json:"max_attributes_size_bytes"`
}

// fromSettings takes in the body of the settings. It reports false, and takes nothing,
// if that is not what a Ledger server answers.
func (l *Learned) fromSettings(body []byte) (FieldLimits, bool) {
	var s settings
	if json.Unmarshal(body, &s) != nil || s.Constraints.MaxBatch < 1 {
		return FieldLimits{}, false
	}
	l.MaxRecords = s.Constraints.MaxBatch
	if minute := s.RateLimits.Minute; minute > 0 {
		l.RequestsPerMinute, l.RecordsPerMinute = minute, minute
	}
	if hour := s.RateLimits.Hour; hour > 0 {
		l.RequestsPerHour, l.RecordsPerHour = hour, hour
	}
	if t, err := time.Parse(time.RFC3339, s.Quotas.Reset); err == nil {
		l.QuotaReset = t
	}
	return s.Constraints.FieldLimits, true
}

// lastUse returns when the limits were used last, in the time of this process. A clock that
// was ahead when that was noted must not keep the buckets empty until it is right again.
func (l *Learned) lastUse(now time.Time) time.Time {
	if l.UsedUntil.IsZero() {
		return time.Time{}
	}
	return now.Add(min(l.UsedUntil.Sub(now), mark))
}

// quotaBack returns when a quota that is used up now is whole again: when the server
// says, or at midnight UTC, which is when the daily quotas of a Ledger server are.
func (l *Learned) quotaBack(now time.Time) time.Time {
	midnight := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	if l.QuotaReset.After(now) && l.QuotaReset.Before(midnight.Add(24*time.Hour)) {
		return l.QuotaReset
	}
	return midnight
}
