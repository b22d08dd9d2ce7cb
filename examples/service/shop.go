package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	firstOrders = 1000   // orders that the shop opens with
	maxOrders   = 10_000 // beyond it the oldest are forgotten
	maxBody     = 64 << 10
	maxEvents   = 1000
)

type order struct {
	ID       int    `json:"id"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
}

// shop keeps orders in memory.
type shop struct {
	log    *slog.Logger
	closed chan struct{}
	close  func()

	mu     sync.Mutex
	orders map[int]order
	last   int
}

func newShop(log *slog.Logger) *shop {
	s := &shop{log: log, closed: make(chan struct{}), orders: map[int]order{}}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	for range firstOrders {
		s.add(order{Item: "tea", Quantity: 1})
	}
	return s
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", s.getOrder)
	mux.HandleFunc("POST /orders", s.postOrder)
	mux.HandleFunc("GET /error", s.fail)
	mux.HandleFunc("GET /panic", s.panics)
	mux.HandleFunc("GET /stream", s.stream)
	return mux
}

func (s *shop) add(o order) order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	o.ID = s.last
	s.orders[o.ID] = o
	delete(s.orders, o.ID-maxOrders)
	return o
}

func (s *shop) find(id int) (order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	return o, ok
}

func (s *shop) getOrder(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, "an order's id is a number", http.StatusBadRequest)
		return
	}
	o, ok := s.find(id)
	if !ok {
		s.log.WarnContext(r.Context(), "order not found", "order", id)
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	s.log.InfoContext(r.Context(), "order shown", "order", o.ID, "item", o.Item)
	answer(w, http.StatusOK, o)
}

func (s *shop) postOrder(w http.ResponseWriter, r *http.Request) {
	var o order
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&o)
	if err != nil || o.Item == "" || o.Quantity < 1 {
		http.Error(w, "an order needs an item and a quantity", http.StatusBadRequest)
		return
	}
	o = s.add(o)
	s.log.InfoContext(r.Context(), "order placed", "order", o.ID, "item", o.Item, "quantity", o.Quantity)
	w.Header().Set("Location", "/orders/"+strconv.Itoa(o.ID))
	answer(w, http.StatusCreated, o)
}

var errWarehouse = errors.New("warehouse: connection refused")

func (s *shop) fail(w http.ResponseWriter, r *http.Request) {
	s.log.ErrorContext(r.Context(), "stock not read", "error", errWarehouse)
	http.Error(w, "the warehouse does not answer", http.StatusInternalServerError)
}

// panics shows that a panic is recorded with its stack, and that the process, which
// net/http protects, lives on.
func (s *shop) panics(w http.ResponseWriter, r *http.Request) {
	popular := []string{"tea"}
	answer(w, http.StatusOK, popular[len(r.URL.Path)])
}

// stream sends numbered events, "?events=5&every=200ms" by default, until they are
// sent, the client leaves or the service ends.
func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	events, every := 5, 200*time.Millisecond
	if n, err := strconv.Atoi(r.FormValue("events")); err == nil && n > 0 {
		events = min(n, maxEvents)
	}
	if d, err := time.ParseDuration(r.FormValue("every")); err == nil && d > 0 {
		every = min(d, time.Minute)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	flusher := http.NewResponseController(w)
	for n := range events {
		if n > 0 {
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			case <-s.closed:
				return
			}
		}
		_, _ = fmt.Fprintf(w, "id: %d\ndata: {\"event\": %d}\n\n", n, n)
		if err := flusher.Flush(); err != nil {
			return
		}
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error is the client leaving
}
