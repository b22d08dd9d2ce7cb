// Package ledgerecho records the requests of an echo v5 instance in a
// [ledger.Client]: one record per request, with OpenTelemetry's attribute names.
//
//	e := echo.New()
//	e.Use(ledgerecho.New(client), middleware.Recover())
//
// The record, its options and its promises (M1 to M8) are those of package
// [github.com/ledger-sdk/ledger-go/middleware]. What is echo's:
//
//   - http.route is the path of the matched route as echo writes it, "/orders/:id",
//     also for a 405. What matched none has none.
//   - An error that a handler returns is answered inside of this middleware, by the
//     instance's HTTPErrorHandler, and returned all the same, as echo's RequestLogger
//     does with HandleError: otherwise its status would be decided where no middleware
//     sees it. So a handler for errors of your own must leave alone a response that is
//     committed, as echo's documentation asks of it.
//   - If the answer is a 5xx the error becomes exception.type and exception.message of
//     the record, unless middleware.SetError named another; with any other status its
//     text is error.message.
//   - Handlers call middleware.AddAttrs, SetError and SetRoute, and log, with
//     Context.Request().Context().
//   - echo's Recover may be on either side. Inside, the record is that of the 500 that
//     its error leads to; outside, that of the panic, with its stack, so that outside is
//     better: e.Use(middleware.Recover(), ledgerecho.New(client)).
//   - If the request has a record already, of middleware.New around the instance or of
//     another New further out, it is given the route and the error, and no second one
//     is made.
//
// It may be used with Echo.Use, Echo.Pre, a group or a single route. With Echo.Pre it
// sees what other middlewares there answer or rewrite.
package ledgerecho
