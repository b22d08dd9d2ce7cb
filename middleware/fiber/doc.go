// Package ledgerfiber records the requests of a fiber v3 app in a [ledger.Client]: one
// record per request, with OpenTelemetry's attribute names.
//
//	app := fiber.New()
//	app.Use(recover.New(), ledgerfiber.New(client))
//
// Without recover.New, or [WithRecover], a panic of a handler ends the process, as it
// does without this package; it is recorded first. Handlers call middleware.AddAttrs,
// SetError and SetRoute, and log, with c.Context(), not with c or c.RequestCtx().
//
// # Promises
//
// They are those of package [github.com/ledger-sdk/ledger-go/middleware], as far as
// fasthttp allows. Where it differs:
//
//   - M1 fasthttp does not tell a handler that its client left, so that no record says
//     so. What fasthttp refuses before any handler, a header that is too large or no
//     HTTP at all, has no record.
//   - M3 A panic is recorded and raised again with the same value, from the same stack.
//   - M4 Logging never reaches the request; a panic in an option's function is contained.
//   - M5 http.route is the path of the matched route as fiber writes it, "/orders/:id",
//     with the prefixes of groups and mounted apps. What only a Use matched has none.
//   - M7 fasthttp sends a response when every handler is done. The status is the one
//     that it is about to send, and the duration ends before the sending. A stream
//     (SendStreamWriter) runs after the record is made: its time is not in the duration,
//     and its size is not known, unless it was declared.
//   - M8 The record is handed to the client before the response is sent.
//   - M9 Nothing of a request outlives it in the client: fasthttp uses the memory again,
//     so what is kept is copied, also what AddAttrs and SetRoute are given.
//
// # Errors
//
// An error that a handler returns is answered inside of this middleware, by the app's
// ErrorHandler, and goes no further, as with fiber's own logger: otherwise its status
// would be decided where no middleware sees it. If the answer is a 5xx the error becomes
// exception.type and exception.message of the record, unless middleware.SetError named
// another; with any other status its text is error.message.
//
// recover.New may be on either side. Inside, the record is that of the 500 that its
// error leads to; outside, that of the panic, with its stack, so that outside is better.
//
// # Concurrency
//
// One middleware serves any number of requests at once.
package ledgerfiber
