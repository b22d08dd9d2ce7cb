// Package ledgerconnect records the calls of Connect handlers and clients in a
// [ledger.Client]: one record per call, with OpenTelemetry's attribute names.
//
//	recording := connect.WithInterceptors(ledgerconnect.NewInterceptor(client))
//	mux.Handle(shopv1connect.NewCartServiceHandler(service, recording))
//
// The interceptor should be the first, or come next after one that traces: what is
// outside of it is neither timed nor seen. Handlers use [middleware.AddAttrs] and
// [middleware.SetError] with their context as in a server of net/http, and what they
// log with it carries rpc.method and the request's ID.
//
// A handler is an http.Handler as well. If [middleware.New] is around it, each call
// has two records, one of the call and one of the request that carried it; the handler's
// attributes are on both, and the procedure is the route of both. Skip the one or the
// other with an option.
//
// # Promises
//
//   - M1 One call, one record, however the call ends: its handler returns, panics,
//     aborts, calls runtime.Goexit, or loses its client. A stream is recorded when it
//     ends; one that this process opened, when its end or an error was received, or it
//     was closed. What connect answers before any interceptor has no record: an unknown
//     procedure, a content type that it does not speak, a unary request that does not
//     decode. middleware.New sees those.
//   - M3 A panic is recorded and raised again with the same value, from the same
//     stack. With [WithRecover] it is answered with connect.CodeInternal instead, in
//     words that tell the client nothing; http.ErrAbortHandler is raised again in any
//     case.
//   - M4 Logging never reaches the call: an error of Log is dropped here (the client
//     counts it), and a panic in an option's function is contained.
//   - M5 rpc.method is a procedure of the handler.
//   - M7 The duration is monotonic and ends before the record is made. The code is
//     the one that the client gets, also for errors that are no *connect.Error.
//   - M8 The record is handed to the client before the interceptor returns: a unary
//     call is recorded before it is answered.
//   - M9 No message of a call is recorded, and of the headers only Traceparent,
//     X-Request-Id, User-Agent and Host.
//
// # What a record holds
//
//	rpc.system.name            connectrpc, whatever the protocol on the wire
//	rpc.method                 package.Service/Method
//	rpc.status_code            ok, not_found, ... as Connect spells them
//	rpc.server.call.duration   seconds; of an outgoing call rpc.client.call.duration
//	error.type                 the code, if the server failed (unknown,
//	                           deadline_exceeded, unimplemented, internal, unavailable,
//	                           data_loss), of an outgoing call any but ok;
//	                           client_closed_request, aborted, or the panic's type
//	error.message              what the client was told, if the server did not fail
//	network.peer.address, .port, server.address, .port, user_agent.original, request.id
//	ledger.rpc.protocol        connect, grpc, grpcweb
//	ledger.rpc.kind            unary, client_stream, server_stream, bidi_stream
//	ledger.rpc.messages_sent, ledger.rpc.messages_received   of a stream
//	ledger.duration_ms         for the Ledger server
//
// The record of a served call is of the type endpoint. So that a Ledger server lists
// it among the endpoints, it also has http.request.method, http.route (the procedure)
// and http.response.status_code: the status that stands for the code, which is what
// Connect's own protocol answers unary calls with. The record of an outgoing call is
// custom and has no such attributes.
//
// If the server failed the error of the handler is in exception.type and
// exception.message. The record of a panic has the type exception and the stack. Codes
// have the levels that package ledgergrpc gives them.
//
// # Concurrency
//
// An interceptor serves any number of calls at once.
package ledgerconnect
