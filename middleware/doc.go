// Package middleware records the requests of a net/http server in a
// [ledger.Client]: one record per request, with OpenTelemetry's attribute names.
//
//	client, err := ledger.Open(ledger.Config{Dir: "/var/lib/shop/ledger"})
//	...
//	server := &http.Server{Handler: middleware.New(client)(mux)}
//
// It should be the outermost middleware, or the next one inside a tracing
// middleware: what is outside of it is neither timed nor seen.
//
// # Promises
//
//   - M1 One request, one record, however the request ends: the handler returns,
//     streams, hijacks the connection, panics, aborts, calls runtime.Goexit, or
//     loses its client.
//   - M2 The handler cannot tell that it is wrapped. Its ResponseWriter has the
//     same optional interfaces as before (Flusher, Hijacker, ReaderFrom, Pusher,
//     those of ResponseController), and what it leaves in the request (Pattern,
//     Form, MultipartForm) is found there by whoever is outside.
//   - M3 A panic is recorded and raised again with the same value, from the same
//     stack, so that everything outside sees what it would have seen.
//   - M4 Logging never reaches the request: an error of Log is dropped here (the
//     client counts it), and a panic in an option's function is contained.
//   - M5 http.route is a pattern that the application wrote. If there is none it is
//     absent; the path never takes its place, and the message of a record never
//     holds a query.
//   - M6 The query is not recorded unless [WithQuery] asks for it, and then never
//     with the value of a parameter that is known to carry a secret.
//   - M7 The status is the first final one that was sent, the sizes are those of
//     the bodies, the duration is monotonic and ends before the record is made.
//   - M8 The record is handed to the client before the middleware returns. A
//     response that the handler neither flushed nor made larger than the server's
//     buffer (2 KiB in net/http) is therefore recorded before it is answered, and
//     durable before it is answered if the client's durability is SyncAlways.
//
// # How a request ends
//
//	                        status if none was sent  level                      error.type
//	handler returned        200                      by status, see below       the status, from 500
//	client went away first  499                      Info                       client_closed_request
//	http.ErrAbortHandler    499                      Info                       aborted
//	panic                   500                      Error, with the stack      the type of the panic's error
//
// The level is Error from 500, Info for 429, Warn for every other 4xx, else Info.
// A 5xx that was sent while the client was still there stays an error even if the
// client left before the handler returned.
//
// The record of a panic has the type exception, so that a server groups it with the
// other errors of its kind; every other record has the type endpoint. Both carry
// the same request attributes.
//
// # Concurrency
//
// One middleware serves any number of requests at once. [SetRoute] may be called
// from any goroutine of a request.
package middleware
