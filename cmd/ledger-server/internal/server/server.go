package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/ingest"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/query"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// readyTimeout bounds a readiness check, which may have to write.
const readyTimeout = 5 * time.Second

// Config is what a server needs. Zero limits mean the defaults of package ingest.
type Config struct {
	Store             *store.Store
	Keys              Keys
	LocalOnly         bool // answer only requests to a loopback host; see A3
	RequestsPerMinute int  // of each key; 0 means no limit
	MaxBody           int64
	MaxConcurrent     int
	Logger            *slog.Logger
	Now               func() time.Time // nil means time.Now
}

type server struct {
	store   *store.Store
	ingest  *ingest.Handler
	counts  counts
	started time.Time
	logger  *slog.Logger
}

// New returns the handler of all routes. It does not close the store.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{
		store: c.Store,
		ingest: ingest.NewHandler(ingest.Config{
			Store: c.Store, MaxBody: c.MaxBody, MaxConcurrent: c.MaxConcurrent, Now: c.Now,
		}),
		started: c.Now(),
		logger:  c.Logger,
	}
	queries := query.NewHandler(c.Store, c.Logger)
	g := &guard{
		keys:      c.Keys,
		limiter:   newLimiter(c.RequestsPerMinute, len(c.Keys.hashes), c.Now),
		localOnly: c.LocalOnly,
	}
	get := func(h http.HandlerFunc) http.Handler {
		return g.before(only(http.MethodGet, h, query.WriteError), query.WriteError)
	}
	take := g.before(s.ingest, ingest.WriteError)

	mux := http.NewServeMux()
	mux.Handle("/v1/logs", take)
	mux.Handle("/otlp/v1/logs", take)
	mux.Handle("/api/v1/logs", get(queries.Search))
	mux.Handle("/api/v1/logs/{id}", get(queries.Get))
	mux.Handle("/api/v1/stats", get(s.stats))
	mux.Handle("/livez", only(http.MethodGet, s.live, query.WriteError))
	mux.Handle("/readyz", only(http.MethodGet, s.ready, query.WriteError))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		query.WriteError(w, r, http.StatusNotFound, "no such route")
	})
	return s.counts.around(mux)
}

// live answers that the process runs.
func (s *server) live(w http.ResponseWriter, _ *http.Request) {
	query.WriteJSON(w, http.StatusOK, health{"ok"})
}

// ready answers whether records can be stored and read.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.store.Ready(ctx); err != nil { // the store has logged why
		query.WriteJSON(w, http.StatusServiceUnavailable, health{"the store cannot write or read"})
		return
	}
	query.WriteJSON(w, http.StatusOK, health{"ok"})
}

type health struct {
	Status string `json:"status"`
}

// statsView is the answer to GET /api/v1/stats. Records and Duplicates count
// from the first day of the database, Rejected and Requests from StartedAt.
type statsView struct {
	Records    int64            `json:"records"`
	Duplicates int64            `json:"duplicates"`
	DBBytes    int64            `json:"db_bytes"`
	Rejected   int64            `json:"rejected"`
	Requests   map[string]int64 `json:"requests"`
	StartedAt  time.Time        `json:"started_at"`
}

func (s *server) stats(w http.ResponseWriter, r *http.Request) {
	st, err := s.store.Stats(r.Context())
	if err != nil {
		s.logger.ErrorContext(r.Context(), "server: no stats", "error", err)
		query.WriteError(w, r, http.StatusInternalServerError, "the stats cannot be read")
		return
	}
	query.WriteJSON(w, http.StatusOK, statsView{
		Records: st.Records, Duplicates: st.Duplicates, DBBytes: st.Bytes,
		Rejected: s.ingest.Rejected(), Requests: s.counts.byStatus(), StartedAt: s.started.UTC(),
	})
}
