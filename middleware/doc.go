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
//     loses its client. Only the options named below leave requests out.
//
//   - M2 The handler cannot tell that it is wrapped. Its ResponseWriter has the
//     same optional interfaces as before (Flusher, Hijacker, ReaderFrom, Pusher,
//     those of ResponseController), and what it leaves in the request (Pattern,
//     Form, MultipartForm) is found there by whoever is outside. Headers are not
//     looked at any more once they were sent. One thing is lost behind any
//     wrapper: http.MaxBytesReader cannot ask net/http to close the connection, by a
//     method that is net/http's own. http.MaxBytesHandler outside of the middleware
//     has all of its effect.
//
//   - M3 A panic is recorded and raised again with the same value, from the same
//     stack, so that everything outside sees what it would have seen, unless
//     [WithRecover] asks for an answer instead.
//
//   - M4 Logging never reaches the request: an error of Log is dropped here (the
//     client counts it), and a panic in an option's function is contained.
//
//   - M5 http.route is a pattern that the application wrote. If there is none it is
//     absent; the path never takes its place, and the message of a record never
//     holds a query.
//
//   - M6 The query is not recorded unless [WithQuery] asks for it, and then never
//     with the value of a parameter that is known to carry a secret.
//
//   - M7 The status is the first final one that was sent, the sizes are those of
//     the bodies, the duration is monotonic and ends before the record is made.
//
//   - M8 The record is handed to the client before the middleware returns. A
//     response that the handler neither flushed nor made larger than the server's
//     buffer (2 KiB in net/http) is therefore recorded before it is answered, and
//     durable before it is answered if the client's durability is SyncAlways.
//
//   - M9 The record holds every attribute once. What the application adds never
//     replaces what the record says of the request.
//
//   - M10 Memory is bounded: previews by their options, attributes by 64, counters of
//     routes by a thousand. Nothing is read of a body that the handler does not read.
//
// # How a request ends
//
//	                        status if none was sent  level                      error.type
//	handler returned        200                      by status, see below       the status, from 500
//	client went away first  499                      Info                       client_closed_request
//	http.ErrAbortHandler    499                      Info                       aborted
//	panic                   500                      Error, with the stack      ledger.ErrorType of its error
//
// The level is Error from 500, Info for 429, Warn for every other 4xx, else Info.
// A 5xx that was sent while the client was still there stays an error even if the
// client left before the handler returned.
//
// An error that the handler named with [SetError] is in exception.type and
// exception.message, and makes the level Warn at least where the handler returned.
// [WithLevelFunc] may say otherwise for all but panics.
//
// The record of a panic has the type exception, so that a server groups it with the
// other errors of its kind; every other record has the type endpoint. Both carry
// the same request attributes, and the event name http.server.request.
//
// # Which requests are recorded
//
// All of them, unless an option leaves some out:
//
//	before the handler   WithSkip
//	after it             WithRoutedOnly, WithNoiseFilter, WithKeep, WithSample, in this order
//
// What was left out after the handler never is a panic, a status of 500 and above, an
// error that SetError named, or what WithSlow calls slow. [Recorder.Stats] counts the rest.
//
// # What the application adds
//
// [AddAttrs] adds to the record. What the application logs with the request's context,
// by [ledger.Client] or its slog handler, carries these attributes too, and
// http.request.method, request.id and, once [SetRoute] named it, http.route.
//
// # Privacy
//
// Of headers only those that [WithRequestHeaders] and [WithResponseHeaders] name are
// recorded, and never those that carry credentials. Forwarding headers are anyone's
// claim: they are believed only of whom [WithTrustedProxies] or [WithTrustedHops] name.
// No body is recorded but the first 4 KiB of the text of an error response, which
// [WithErrorBody] turns off. The client's own scrubbing runs over all of it.
//
// # Cost
//
// A request takes three allocations more than without the middleware. The writers of
// net/http for HTTP/1.1 and HTTP/2 are wrapped in one of them; other writers take
// more, because their optional interfaces have to be kept one by one.
//
// # Concurrency
//
// One middleware serves any number of requests at once. [SetRoute], [SetError] and
// [AddAttrs] may be called from any goroutine of a request, also when it is over. The
// package starts no goroutine, except for the event of [WithStartEvent], which is
// waited for at the end of its request.
package middleware
