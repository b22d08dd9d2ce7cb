// Package ingest takes log records by OTLP over HTTP and gives them to the store.
//
// A request goes through these steps, each in a file of its own, and ends at the
// first that refuses it:
//
//	handler.go      method, media type, a slot among the requests under way
//	body.go         read and inflate, never beyond the limit
//	shape.go        look before decoding: how many records and values, how deep
//	decode.go       OTLP protobuf or OTLP/JSON to memory
//	convert.go      each record to the server's form, or a reason why not
//	handler.go      store, and only then answer
//	respond.go      the answer, in the encoding of the request
//
// What the platform would cut is cut, what it would refuse or lose later is
// rejected, record by record: see package record for the limits.
//
// Invariants:
//
//	I1  200 is written only after the store has said that the records of the
//	    request are on the disk, all but those that partial_success counts.
//	I2  partial_success is set exactly when records were rejected. A record that
//	    is known already is a success.
//	I3  A request that is refused as a whole leaves nothing in the store.
//	I4  A request takes memory in proportion to what it has really sent, and
//	    no more than the limit of a body and maxValues decoded values take. All
//	    requests together take no more than two such.
//	I5  No bytes a client can send make the server panic, loop or answer 500.
//	I6  Text of records is in no error message and no log line.
package ingest
