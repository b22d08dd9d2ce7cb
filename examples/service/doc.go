// Command service is a small shop that logs to Ledger: every request by the
// middleware, what its handlers say through log/slog. All that Ledger needs is in
// setup.go.
//
//	go run ./examples/service -endpoint http://127.0.0.1:4318
//	curl http://127.0.0.1:8080/orders/7
//	curl http://127.0.0.1:8080/debug/ledger
package main
