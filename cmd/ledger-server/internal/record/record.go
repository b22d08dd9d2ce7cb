package record

// A Record is one log record, validated and ready to be stored, or as read
// back. Text that the sender did not give is empty.
type Record struct {
	ID       string // the key of deduplication, at most MaxID characters
	Time     int64  // when it happened, Unix nanoseconds
	Ingested int64  // when this server took it, Unix nanoseconds

	Level      string
	Type       string
	Importance string

	Message      string
	ErrorType    string
	ErrorMessage string
	StackTrace   string
	Endpoint     *Endpoint // set exactly when Type is TypeEndpoint

	Service     string
	Environment string
	Release     string
	TraceID     string // lower-case hex, or empty
	SpanID      string // lower-case hex, or empty

	SDKVersion      string
	Platform        string
	PlatformVersion string

	Attributes string    // the record's own attributes, one JSON object
	Resource   *Resource // shared by all records of one sender's resource

	Resends int64 // how often it arrived again; only set on records read back
}

// An Endpoint is one handled request: what a record of TypeEndpoint is about.
type Endpoint struct {
	Method     string
	Path       string
	StatusCode int
	DurationMS float64
}

// A Resource describes the sender of records. It is stored once and referred
// to, because a batch of a thousand records has mostly one.
type Resource struct {
	Attributes string // one JSON object
}

// Size returns about how many bytes r takes in memory.
func (r *Record) Size() int {
	const fixed = 400 // the struct and the short texts
	n := fixed + len(r.Message) + len(r.ErrorMessage) + len(r.StackTrace) + len(r.Attributes)
	if r.Endpoint != nil {
		n += len(r.Endpoint.Path)
	}
	if r.Resource != nil {
		n += len(r.Resource.Attributes)
	}
	return n
}
