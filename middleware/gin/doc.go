// Package ledgergin records the requests of a gin engine in a [ledger.Client]: one
// record per request, with OpenTelemetry's attribute names.
//
//	engine := gin.New()
//	engine.Use(ledgergin.New(client), gin.Recovery())
//
// The record, its options and its promises (M1 to M8) are those of package
// [github.com/ledger-sdk/ledger-go/middleware]. What is gin's:
//
//   - http.route is the full path of the matched handler as gin writes it,
//     "/orders/:id"; the handlers of NoRoute and NoMethod have none.
//   - The status is the one that gin sends, also where a handler only set it:
//     Context.Status sends nothing by itself.
//   - Errors that handlers give to Context.Error become exception.type and
//     exception.message of the record, unless middleware.SetError named another. Such a
//     record is a warning at least, and an error from 500.
//   - Handlers call middleware.AddAttrs, SetError and SetRoute, and log, with
//     Context.Request.Context(). A *gin.Context itself does as well if the engine's
//     ContextWithFallback is set.
//   - gin.Recovery may be on either side. Inside, the record is that of the 500 that it
//     answers; outside, that of the panic, with its stack, so that outside is better:
//     engine.Use(gin.Recovery(), ledgergin.New(client)).
//   - If the request has a record already, of middleware.New around the engine or of
//     another New further out, it is given the route and the errors, and no second
//     one is made.
//
// gin answers some requests without running any middleware: those that it redirects to
// a path with or without its last slash. It also sends the texts of its own 404 and 405
// pages when the chain is done, so that their sizes are not on the record. To have
// those too, put the middleware around the engine and leave New in it for the routes:
//
//	engine.Use(ledgergin.New(client))
//	server.Handler = middleware.New(client)(engine)
package ledgergin
