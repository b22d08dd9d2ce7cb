package recorded

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// Record is a record as it was about to be stored.
type Record struct {
	ledger.Record
	// Values holds the attributes, with those of the context's scope.
	Values map[string]any
	Trace  ledger.TraceContext
}

// Log is a client and what was logged with it. It is safe for concurrent use.
type Log struct {
	Client *ledger.Client

	mu      sync.Mutex
	records []Record
	changed chan struct{} // closed, and replaced, at each record
}

// Open opens a client that ends with the test.
func Open(t testing.TB) *Log {
	t.Helper()
	l := &Log{changed: make(chan struct{})}
	c, err := ledger.Open(ledger.Config{
		Dir: filepath.Join(form.Scratch(t), "ledger"), Endpoint: "http://127.0.0.1:1", ServiceName: "adapter",
		BeforeSend: l.take,
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	})
	l.Client = c
	return l
}

// take keeps a record instead of the client.
func (l *Log) take(ctx context.Context, r *ledger.Record) bool {
	got := Record{Record: *r, Values: make(map[string]any, len(r.Attrs))}
	got.Attrs = slices.Clone(r.Attrs)
	got.Trace, _ = ledger.TraceFromContext(ctx)
	for _, a := range got.Attrs {
		got.Values[a.Key] = a.Value.Any()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, got)
	close(l.changed)
	l.changed = make(chan struct{})
	return false
}

// All returns the records so far.
func (l *Log) All() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// Wait waits for n records, and fails the test if there are more.
func (l *Log) Wait(t testing.TB, n int) []Record {
	t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for {
		l.mu.Lock()
		records, changed := slices.Clone(l.records), l.changed
		l.mu.Unlock()
		if len(records) > n {
			t.Fatalf("%d records instead of %d: %v", len(records), n, messages(records))
		}
		if len(records) == n {
			return records
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("%d records instead of %d: %v", len(records), n, messages(records))
		}
	}
}

// One waits for the only record.
func (l *Log) One(t testing.TB) Record {
	t.Helper()
	return l.Wait(t, 1)[0]
}

func messages(records []Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, fmt.Sprintf("%v %q", r.Level, r.Message))
	}
	return out
}
