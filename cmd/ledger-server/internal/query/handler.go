package query

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// timeout bounds a query. Without an index to help, a filter reads every record
// there is.
const timeout = 30 * time.Second

// A Reader finds records.
type Reader interface {
	Search(ctx context.Context, q store.Query) (store.Page, error)
	Get(ctx context.Context, id string) (record.Record, error)
}

// A Handler answers queries. It may be used concurrently.
type Handler struct {
	store  Reader
	logger *slog.Logger
}

// NewHandler returns a Handler that reads from r and writes failures of r, which
// clients are not shown, to logger.
func NewHandler(r Reader, logger *slog.Logger) *Handler {
	return &Handler{store: r, logger: logger}
}

// A pageView is the answer to a search.
type pageView struct {
	Logs       []recordView `json:"logs"`
	Total      *int64       `json:"total"`
	HasMore    bool         `json:"has_more"`
	NextCursor *string      `json:"next_cursor"`
}

// Search answers GET /api/v1/logs.
func (h *Handler) Search(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	page, err := h.store.Search(ctx, q)
	if err != nil {
		h.fail(ctx, w, r, err)
		return
	}
	v := pageView{Logs: make([]recordView, 0, len(page.Records)), Total: page.Total}
	for i := range page.Records {
		v.Logs = append(v.Logs, viewOf(&page.Records[i]))
	}
	if page.Next != (store.Position{}) {
		cursor := encodeCursor(page.Next)
		v.HasMore, v.NextCursor = true, &cursor
	}
	WriteJSON(w, http.StatusOK, v)
}

// Get answers GET /api/v1/logs/{id}.
func (h *Handler) Get(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	rec, err := h.store.Get(ctx, r.PathValue("id"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		WriteError(w, r, http.StatusNotFound, "no log with this id")
	case err != nil:
		h.fail(ctx, w, r, err)
	default:
		WriteJSON(w, http.StatusOK, viewOf(&rec))
	}
}

// fail answers a query that the store could not answer (Q3).
func (h *Handler) fail(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // nobody is there to read an answer
	case ctx.Err() != nil:
		WriteError(w, r, http.StatusServiceUnavailable, "the query took longer than "+timeout.String())
	default:
		h.logger.ErrorContext(ctx, "query: cannot answer", "error", err)
		WriteError(w, r, http.StatusInternalServerError, "the query failed")
	}
}

// WriteError answers with the platform's form of an error.
func WriteError(w http.ResponseWriter, _ *http.Request, status int, detail string) {
	WriteJSON(w, status, struct {
		Detail string `json:"detail"`
	}{detail})
}

// WriteJSON answers with v, which must be something that JSON has a form for.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"detail":"the answer cannot be encoded"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // whom could a failure be told
}
