package ingest

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// Defaults of Config.
const (
	DefaultMaxBody       = 64 << 20
	DefaultMaxConcurrent = 256
)

// An Appender stores records. When it returns nil they are on the disk.
type Appender interface {
	Append(ctx context.Context, records []record.Record) (store.Appended, error)
}

// Config is what a Handler needs.
type Config struct {
	Store         Appender
	MaxBody       int64            // bytes of a body, as sent and inflated; 0 means DefaultMaxBody
	MaxConcurrent int              // requests under way; 0 means DefaultMaxConcurrent
	Now           func() time.Time // nil means time.Now
}

// A Handler answers POST of an OTLP logs request. It may be used concurrently.
type Handler struct {
	store    Appender
	now      func() time.Time
	body     bodyReader
	memory   *budget
	slots    chan struct{}
	rejected atomic.Int64
}

// NewHandler returns a Handler. All its requests together take no more memory
// for their bodies, and what is decoded from them, than two of the largest.
func NewHandler(c Config) *Handler {
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.MaxConcurrent <= 0 {
		c.MaxConcurrent = DefaultMaxConcurrent
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Handler{
		store:  c.Store,
		now:    c.Now,
		body:   bodyReader{limit: c.MaxBody},
		memory: newBudget(2 * (c.MaxBody + firstBuffer + maxValues*valueBytes)),
		slots:  make(chan struct{}, c.MaxConcurrent),
	}
}

// Rejected returns the number of records that were rejected, alone or with
// others of their request, since the handler was made. Requests refused as a
// whole are not in it.
func (h *Handler) Rejected() int64 { return h.rejected.Load() }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		WriteError(w, r, http.StatusMethodNotAllowed, "only POST")
		return
	}
	m, ok := mediaOf(r)
	if !ok {
		writeProblem(w, r, &problem{
			status:  http.StatusUnsupportedMediaType,
			message: "content type is neither " + string(protobuf) + " nor " + string(jsonText),
		})
		return
	}
	b, err := h.take(w, r, m)
	if err != nil {
		writeProblem(w, r, asProblem(err))
		return
	}
	h.rejected.Add(int64(b.rejected))
	writeSuccess(w, m, b)
}

// take takes the records of a request and returns when they are stored (I1).
func (h *Handler) take(w http.ResponseWriter, r *http.Request, m media) (*batch, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return nil, busy("too many requests under way")
	}
	l := &lease{from: h.memory}
	defer l.giveBack()

	body, err := h.body.read(w, r, l)
	if err != nil {
		return nil, err
	}
	logs, err := decode(body, m, l)
	if err != nil {
		return nil, err
	}
	b := convert(logs, h.now())
	if len(b.accepted) == 0 {
		return &b, nil
	}
	// The store is waited for even if the client is not: the memory of its
	// records is taken until they are written (I4).
	if _, err := h.store.Append(context.WithoutCancel(r.Context()), b.accepted); err != nil {
		return nil, err
	}
	return &b, nil
}

// asProblem says what to answer to an error. What is not of our making comes
// from the store, and then the records are good and welcome later, whatever
// went wrong: only 503 makes every sender keep them.
func asProblem(err error) *problem {
	var p *problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrBusy):
		return &problem{http.StatusServiceUnavailable, "too many requests waiting to be stored", busyRetry}
	}
	return &problem{http.StatusServiceUnavailable, "records cannot be stored at the moment", storageRetry}
}
