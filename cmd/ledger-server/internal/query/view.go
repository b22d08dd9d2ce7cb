package query

import (
	"encoding/json"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// A recordView is a record as clients see it. Names and forms are those of the
// platform; service_name, trace_id, span_id, resource and resends are ours.
type recordView struct {
	ID              string          `json:"id"`
	Timestamp       string          `json:"timestamp"`
	IngestedAt      string          `json:"ingested_at"`
	Level           string          `json:"level"`
	LogType         string          `json:"log_type"`
	Importance      string          `json:"importance"`
	ServiceName     string          `json:"service_name"`
	Environment     *string         `json:"environment"`
	Release         *string         `json:"release"`
	Message         string          `json:"message"`
	ErrorType       *string         `json:"error_type"`
	ErrorMessage    *string         `json:"error_message"`
	StackTrace      *string         `json:"stack_trace"`
	Method          *string         `json:"method"`
	Path            *string         `json:"path"`
	StatusCode      *int            `json:"status_code"`
	DurationMS      *float64        `json:"duration_ms"`
	TraceID         *string         `json:"trace_id"`
	SpanID          *string         `json:"span_id"`
	SDKVersion      *string         `json:"sdk_version"`
	Platform        *string         `json:"platform"`
	PlatformVersion *string         `json:"platform_version"`
	Attributes      fields          `json:"attributes"`
	Resource        json.RawMessage `json:"resource"`
	Resends         int64           `json:"resends"`
}

func viewOf(r *record.Record) recordView {
	v := recordView{
		ID:              r.ID,
		Timestamp:       formatTime(r.Time),
		IngestedAt:      formatTime(r.Ingested),
		Level:           r.Level,
		LogType:         r.Type,
		Importance:      r.Importance,
		ServiceName:     r.Service,
		Environment:     orNull(r.Environment),
		Release:         orNull(r.Release),
		Message:         r.Message,
		ErrorType:       orNull(r.ErrorType),
		ErrorMessage:    orNull(r.ErrorMessage),
		StackTrace:      orNull(r.StackTrace),
		TraceID:         orNull(r.TraceID),
		SpanID:          orNull(r.SpanID),
		SDKVersion:      orNull(r.SDKVersion),
		Platform:        orNull(r.Platform),
		PlatformVersion: orNull(r.PlatformVersion),
		Attributes:      attributesOf(r),
		Resource:        json.RawMessage(r.Resource.Attributes),
		Resends:         r.Resends,
	}
	if e := r.Endpoint; e != nil {
		v.Method, v.Path, v.StatusCode, v.DurationMS = &e.Method, &e.Path, &e.StatusCode, &e.DurationMS
	}
	return v
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// fields is a JSON object.
type fields map[string]json.RawMessage

// attributesOf returns what the platform calls the attributes of a record: its
// own over its resource's, and beside them its request and its trace.
func attributesOf(r *record.Record) fields {
	f := fields{}
	// Both were written by this server as JSON objects.
	_ = json.Unmarshal([]byte(r.Resource.Attributes), &f)
	_ = json.Unmarshal([]byte(r.Attributes), &f)
	if r.Endpoint != nil {
		f.add("endpoint", endpointOf(r.Endpoint, f))
	}
	if r.TraceID != "" {
		f.add("trace_id", r.TraceID)
	}
	if r.SpanID != "" {
		f.add("span_id", r.SpanID)
	}
	return f
}

// add adds a field, unless the sender had one of that name.
func (f fields) add(name string, value any) {
	if _, taken := f[name]; taken {
		return
	}
	if encoded, err := json.Marshal(value); err == nil {
		f[name] = encoded
	}
}

// An endpointView is a request among the attributes.
type endpointView struct {
	Method       string          `json:"method"`
	Path         string          `json:"path"`
	StatusCode   int             `json:"status_code"`
	DurationMS   float64         `json:"duration_ms"`
	QueryParams  json.RawMessage `json:"query_params,omitempty"`
	PathParams   json.RawMessage `json:"path_params,omitempty"`
	ResponseBody json.RawMessage `json:"response_body,omitempty"`
}

func endpointOf(e *record.Endpoint, f fields) endpointView {
	return endpointView{
		Method: e.Method, Path: e.Path, StatusCode: e.StatusCode, DurationMS: e.DurationMS,
		QueryParams:  f["url.query"],
		PathParams:   inner(f["ledger.path_params"]),
		ResponseBody: f["ledger.response_body"],
	}
}

// inner returns the JSON that a JSON string holds, or the value itself if it is
// something else: path parameters are sent in either form.
func inner(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) == nil && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return value
}
