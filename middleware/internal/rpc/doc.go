// Package rpc makes the records of remote procedure calls. The adapters of gRPC and
// Connect share it: the two have the same status codes, and differ in where they keep
// what a record says.
//
// # Promises
//
//   - M1 One call, one record, however the call ends: its handler returns, panics,
//     aborts, calls runtime.Goexit, or loses its client.
//   - M3 A panic is recorded and raised again with the same value, from the same
//     stack, unless the application asked for an answer instead.
//   - M4 Logging never reaches the call: an error of Log is dropped here (the client
//     counts it), and a panic in an option's function is contained.
//   - M5 rpc.method is a method that the server has; a name that only the caller knows
//     is rpc.method_original.
//
// A record of a served call is of the type endpoint, with the method, the route and
// the HTTP status that the call has, or would have, over HTTP: that is what a Ledger
// server lists, rates and measures. The record of an outgoing call is custom.
package rpc
