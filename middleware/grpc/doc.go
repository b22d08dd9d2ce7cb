// Package ledgergrpc records the calls of gRPC servers and clients in a
// [ledger.Client]: one record per call, with OpenTelemetry's attribute names.
//
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(ledgergrpc.UnaryServerInterceptor(client)),
//		grpc.ChainStreamInterceptor(ledgergrpc.StreamServerInterceptor(client)),
//	)
//
// The interceptors should be the first of their chains, or come next after one that
// traces: what is outside of them is neither timed nor seen. Handlers use
// [middleware.AddAttrs] and [middleware.SetError] with their context as in a server
// of net/http, and what they log with it carries rpc.method and the request's ID.
//
// # Promises
//
//   - M1 One call, one record, however the call ends: its handler returns, panics,
//     aborts, calls runtime.Goexit, or loses its client. A stream is recorded when it
//     ends. The calls that gRPC answers before any interceptor have no record: those of
//     an unknown method, and unary ones whose request does not decode.
//   - M3 A panic is recorded and raised again with the same value, from the same
//     stack. With [WithRecover] it is answered with codes.Internal instead, in words
//     that tell the client nothing.
//   - M4 Logging never reaches the call: an error of Log is dropped here (the client
//     counts it), and a panic in an option's function is contained.
//   - M5 rpc.method is a method of the server. A call that only
//     grpc.UnknownServiceHandler takes has _OTHER, and its name in
//     rpc.method_original.
//   - M7 The duration is monotonic and ends before the record is made. The code is
//     the one that the client gets, also where the handler returned no status.
//   - M8 The record is handed to the client before the interceptor returns: a unary
//     call is recorded before it is answered.
//   - M9 No message of a call is recorded, and of the metadata only traceparent,
//     x-request-id, user-agent and :authority.
//
// # What a record holds
//
//	rpc.system.name            grpc
//	rpc.method                 package.Service/Method
//	rpc.status_code            OK, NOT_FOUND, ... as the protocol spells them
//	rpc.server.call.duration   seconds; of an outgoing call rpc.client.call.duration
//	error.type                 the code, if the server failed (UNKNOWN,
//	                           DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE,
//	                           DATA_LOSS), of an outgoing call any but OK;
//	                           client_closed_request, aborted, or the panic's type
//	error.message              what the client was told, if the server did not fail
//	network.peer.address, .port, server.address, .port, user_agent.original, request.id
//	ledger.rpc.kind            unary, client_stream, server_stream, bidi_stream
//	ledger.rpc.messages_sent, ledger.rpc.messages_received   of a stream
//	ledger.duration_ms         for the Ledger server
//
// The record of a served call is of the type endpoint. So that a Ledger server lists
// it among the endpoints, it also says what the call is over HTTP:
// http.request.method is POST, http.route the full method, and
// http.response.status_code the status that stands for the code (NOT_FOUND is 404,
// INTERNAL 500), although gRPC itself answers 200 on the wire and puts the code in a
// trailer. The record of an outgoing call is custom and has no such attributes.
//
// If the server failed the error of the handler is in exception.type and
// exception.message. The record of a panic has the type exception and the stack.
//
// # How a call ends
//
//	                        code                           level
//	handler returned        that of its error              by code, see below
//	client went away first  CANCELLED                      Info
//	its deadline passed     DEADLINE_EXCEEDED              Info
//	http.ErrAbortHandler    CANCELLED                      Info
//	panic                   INTERNAL                       Error
//
// Of a served call UNKNOWN, UNIMPLEMENTED, INTERNAL and DATA_LOSS are Error;
// DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION,
// ABORTED, OUT_OF_RANGE and UNAVAILABLE are Warn; the rest is Info. An outgoing call is
// never an Error, as whoever makes it decides what its failure means: UNIMPLEMENTED,
// INTERNAL, UNAVAILABLE and DATA_LOSS are Warn; UNKNOWN, DEADLINE_EXCEEDED,
// PERMISSION_DENIED and UNAUTHENTICATED are Info; the rest, and OK, is Debug. A record
// whose handler called SetError is Warn at least.
//
// # Concurrency
//
// An interceptor serves any number of calls at once.
package ledgergrpc
