package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

// sinkEnv has this program be the server of the drain.
const sinkEnv = "LEDGER_BENCH_SINK"

// tally is what a sink has got since it was asked last.
type tally struct {
	Requests int
	Bytes    int64 // of bodies
	Records  int
	Distinct int // of them, by their number
	// CPU is what the process of the sink took meanwhile.
	CPU time.Duration
}

// collector keeps the bodies of requests as they are, and looks into them only when it
// is asked for the tally, which nobody measures.
type collector struct {
	mu     sync.Mutex
	bodies []body
	cpu    time.Duration // of the process, when it was asked last
}

type body struct {
	encoding string
	b        []byte
}

// sinkMain is the process of a sink, if this is to be one. It ends when its standard
// input does, as it does when the process that measures is gone.
func sinkMain(ctx context.Context) (done bool, err error) {
	if os.Getenv(sinkEnv) == "" {
		return false, nil
	}
	debug.SetGCPercent(-1) // It collects when it is asked for the tally.
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return true, err
	}
	server := &http.Server{Handler: &collector{}, ReadHeaderTimeout: time.Minute}
	go server.Serve(l) //nolint:errcheck // It ends with Close.
	if _, err := os.Stdout.WriteString("http://" + l.Addr().String() + "\n"); err != nil {
		return true, err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return true, server.Close()
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		t, err := c.tally()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(t)
		return
	}
	var b bytes.Buffer
	b.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	if _, err := b.ReadFrom(r.Body); err != nil {
		panic(http.ErrAbortHandler) // To return would be to answer 200.
	}
	c.mu.Lock()
	c.bodies = append(c.bodies, body{r.Header.Get("Content-Encoding"), b.Bytes()})
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// tally counts what has come, and forgets it.
func (c *collector) tally() (tally, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := tally{Requests: len(c.bodies), CPU: processCPU() - c.cpu}
	seen := map[int64]bool{}
	for i := range c.bodies {
		t.Bytes += int64(len(c.bodies[i].b))
		n, err := c.bodies[i].numbers(seen)
		if err != nil {
			return t, err
		}
		t.Records += n
		c.bodies[i] = body{}
		if i%100 == 0 {
			runtime.GC()
		}
	}
	t.Distinct = len(seen)
	c.bodies = c.bodies[:0]
	c.cpu = processCPU()
	return t, nil
}

// numbers puts those of the records into seen and returns how many records there are.
// The official types share no code with the encoder of this library.
func (b body) numbers(seen map[int64]bool) (records int, err error) {
	plain := b.b
	if b.encoding == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(b.b))
		if err != nil {
			return 0, err
		}
		if plain, err = io.ReadAll(r); err != nil {
			return 0, err
		}
	}
	var data logspb.LogsData // It has the wire form of an export request.
	if err := proto.Unmarshal(plain, &data); err != nil {
		return 0, err
	}
	for _, resource := range data.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				records++
				for _, a := range record.GetAttributes() {
					if a.GetKey() == numberKey {
						seen[a.GetValue().GetIntValue()] = true
					}
				}
			}
		}
	}
	return records, nil
}
