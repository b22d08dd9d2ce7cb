// Command demo shows in half a minute what Ledger promises. It starts a log server
// and a small service as processes of their own, sends requests to the service,
// stops the server for a while, kills the service without warning and starts it
// again. Then it looks up every answered request in the server's store.
//
//	go run ./examples/demo          # about 30 s
//	go run ./examples/demo -short   # about 10 s
//	go run ./examples/demo -keep    # leaves both running, to look around
//
// It exits with 1 if a request is missing that was synced before the service was
// killed, or if the store holds a record twice.
//
// How it knows what was synced: it reads the service's counters 20 times a second.
// What was answered before a look is recorded at or before the last offset of that
// look; once any look shows that offset as synced, all of it is (harness.Watch).
// What was answered in the last moments before the kill is not proven to be synced;
// it is expected to arrive as well, and listed apart if it does not.
//
// The time added per request is measured against a twin of the service that runs
// with -off and gets the same requests, each half a period after the other's, so
// that both meet the same machine.
package main
