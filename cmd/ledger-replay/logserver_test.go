package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// logServer is a log server that gives the answers it was told, the last of them
// over and over, and remembers what it was asked.
//
//	200, 503, ...   a status
//	429,retry=1     with Retry-After
//	partial=2       200, with 2 records refused
//	poison=ID,...   400 to every request with one of these records, 200 to the others
//	quota           200, and all records are refused because a quota is used up
//	echo-hold       401 whose message repeats the Authorization header
//	echo            400 whose message repeats the Authorization header
//	partial-echo    200 whose refusal repeats it
//	hang            no answer until the request is given up
//	reset           the connection is closed instead of an answer
type logServer struct {
	*httptest.Server
	mu       sync.Mutex
	answers  []string
	received []request
	arrived  chan struct{} // has room for what a test makes
	gone     chan struct{} // closed at the end; releases those who hang
	// decide returns the answer to a request, if it is set, instead of answers.
	decide func(*otlp.Request) string
}

type request struct {
	answer  string
	time    time.Time
	header  http.Header
	path    string
	body    []byte // uncompressed
	decoded otlp.Request
}

func newLogServer(answers ...string) *logServer {
	c := &logServer{answers: answers, arrived: make(chan struct{}, 10_000), gone: make(chan struct{})}
	c.Server = httptest.NewServer(c)
	return c
}

func (c *logServer) stop() {
	close(c.gone)
	c.CloseClientConnections()
	c.Close()
}

// ServeHTTP implements [http.Handler].
func (c *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := logserver.Body(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	decoded, err := otlp.DecodeRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	var answer string
	if c.decide != nil {
		answer = c.decide(&decoded)
	} else if answer = c.answers[0]; len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	c.received = append(c.received, request{answer, time.Now(), r.Header, r.URL.Path, body, decoded})
	c.mu.Unlock()
	c.arrived <- struct{}{}
	if n, ok := poisoned(answer, &decoded); ok {
		answer = n
	}
	c.answer(w, r, answer)
}

// poisoned returns the answer to a request by the records in it, if that decides.
func poisoned(answer string, req *otlp.Request) (string, bool) {
	name, value, _ := strings.Cut(answer, "=")
	if name != "poison" {
		return "", false
	}
	for _, id := range idsOf(req) {
		if slices.Contains(strings.Split(value, ","), id) {
			return "400", true
		}
	}
	return "200", true
}

func (c *logServer) answer(w http.ResponseWriter, r *http.Request, answer string) {
	first, option, _ := strings.Cut(answer, ",")
	if after, ok := strings.CutPrefix(option, "retry="); ok {
		w.Header().Set("Retry-After", after)
	}
	name, value, _ := strings.Cut(first, "=")
	switch name {
	case "hang":
		select {
		case <-r.Context().Done():
		case <-c.gone:
		}
	case "reset":
		panic(http.ErrAbortHandler)
	case "echo":
		http.Error(w, "cannot use "+r.Header.Get("Authorization"), http.StatusBadRequest)
	case "echo-hold":
		http.Error(w, "cannot use "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	case "quota":
		refuse(w, 1000, "monthly quota exceeded")
	case "partial-echo":
		refuse(w, 1, "cannot use "+r.Header.Get("Authorization"))
	case "partial":
		n, err := strconv.Atoi(value)
		if err != nil {
			n = 1
		}
		refuse(w, n, "too \x1b[31mlong")
	default:
		status, err := strconv.Atoi(name)
		if err != nil {
			status = http.StatusNotImplemented
		}
		w.WriteHeader(status)
	}
}

// refuse writes an ExportLogsServiceResponse with a partial success.
func refuse(w http.ResponseWriter, n int, message string) {
	var partial []byte
	partial = protowire.AppendTag(partial, 1, protowire.VarintType)
	partial = protowire.AppendVarint(partial, uint64(n))
	partial = protowire.AppendTag(partial, 2, protowire.BytesType)
	partial = protowire.AppendString(partial, message)
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(protowire.AppendBytes(b, partial))
}

// requests returns what came so far.
func (c *logServer) requests() []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]request(nil), c.received...)
}

// text is a request on one line.
func (r *request) text() string {
	var services []string
	for _, res := range r.decoded.Resources {
		services = append(services, serviceText(res.Resource))
	}
	return fmt.Sprintf("%s %s service=%s auth=%q tenant=%q ids=%s", r.answer, r.path, strings.Join(services, "+"),
		r.header.Get("Authorization"), r.header.Get("X-Scope-OrgID"), strings.Join(idsOf(&r.decoded), ","))
}

func idsOf(req *otlp.Request) []string {
	var ids []string
	for _, res := range req.Resources {
		for _, scope := range res.Scopes {
			for _, rec := range scope.Records {
				ids = append(ids, idOf(rec.Attrs))
			}
		}
	}
	return ids
}

func idOf(attrs []slog.Attr) string {
	for _, a := range attrs {
		if a.Key == "ledger.log_id" {
			return a.Value.String()
		}
	}
	return "-"
}
