package exchange

import (
	"context"
	"log/slog"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// Facts is what is known of one exchange when it ends. Empty fields leave their
// attributes out, unless they say otherwise. All text is recorded as it is: what is
// secret in it was hidden by whoever filled it in.
type Facts struct {
	Method    string // empty means GET
	Route     string // a pattern that the application wrote, never a path
	Path      string // as on the wire, escaped
	Query     string // without the question mark; empty is also "not asked for"
	Scheme    string // http or https
	Host      string // the name by which the client called: "host" or "host:port"
	Peer      string // the connection's other end, "host:port"
	Client    string // the client's address, without a port; empty means the peer's
	Protocol  string // "1.1", "2"
	UserAgent string
	RequestID string

	// Sizes of the bodies in bytes. A negative one is not known.
	RequestSize, ResponseSize int64

	End      time.Time
	Duration time.Duration // by the monotonic clock

	Ending Ending
	// Status is the first final status that was sent, 0 if there was none. Settle
	// replaces 0 by the one that the exchange is recorded with.
	Status int
	// Hijacked is set if the handler took over the connection.
	Hijacked bool

	// Panic is what the handler panicked with, if Ending says so, and Stack the
	// text of runtime/debug.Stack from then.
	Panic error
	Stack []byte
	// Err is the error that the application named as the reason for the answer.
	Err error

	// Sampled is how many requests the record stands for, itself included. 0 is 1.
	Sampled int64
	// Extra holds further attributes. Scope holds those of the application, which
	// never replace one of the record's own.
	Extra, Scope []slog.Attr

	// Level is set by Settle. The caller may change it between Settle and Log.
	Level slog.Level
}

// Names of the events: a request that was served, and one that is being served.
const (
	EventName        = "http.server.request"
	StartedEventName = "http.server.request.started"
)

// Logger is what is needed of a *ledger.Client.
type Logger interface {
	Log(ctx context.Context, r ledger.Record) error
}

// Settle fixes the status and the level that the exchange is recorded with.
func (f *Facts) Settle() {
	f.Status = finalStatus(f.Ending, f.Status)
	f.Level = levelOf(f.Ending, f.Status, f.Err)
}

// Log makes the record and logs it in l. The error of l is dropped: a fault of
// logging is not the request's, and the client counts it.
//
// ctx carries the trace. It must not end with the client's connection, and must not
// carry the scope whose attributes are in f: they would be there twice.
func (f *Facts) Log(ctx context.Context, l Logger) {
	r := ledger.Record{
		Time: f.End, Level: f.Level, Message: f.message(), EventName: EventName,
		Type: ledger.TypeEndpoint, Importance: importanceOf(f.Level), Err: f.Err,
	}
	if f.Ending == Panicked {
		r.Type, r.Err, r.Stack = ledger.TypeException, f.Panic, f.Stack
	}
	f.log(ctx, l, r, false)
}

// LogStarted logs that a request has begun and still runs, Duration after it did: what
// is known of the request, and nothing of its answer. It is told apart from the record
// to come by its event name and by its type.
func (f *Facts) LogStarted(ctx context.Context, l Logger) {
	f.log(ctx, l, ledger.Record{
		Time: f.End, Level: slog.LevelInfo, Message: string(append(f.appendName(nil), " started"...)), EventName: StartedEventName,
		Type: ledger.TypeCustom, Importance: ledger.ImportanceStandard,
	}, true)
}
