// Package server puts the routes together and stands guard before them.
//
//	POST /v1/logs, /otlp/v1/logs   ingest   guarded
//	GET  /api/v1/logs[/{id}]       query    guarded
//	GET  /api/v1/stats             stats    guarded
//	GET  /livez, /readyz           health   open
//
// The guard asks three things of a request, in this order: is it addressed to
// this machine (only where the server is open to everyone on it), does it bring
// a key, has the key requests left this minute.
//
// Invariants:
//
//	A1  With keys configured, nothing but health is answered without one. How
//	    long the comparison takes does not depend on how much of a key is right.
//	A2  Keys are held as hashes and are in no answer, log line or error.
//	A3  Without keys, a server that listens on loopback answers only requests
//	    that name a loopback host: a web page that has its own name resolve to
//	    127.0.0.1 cannot read logs through the browser of whoever visits it.
//	A4  Every refusal speaks the form of its route: google.rpc.Status for
//	    OTLP, {"detail"} for queries.
package server
