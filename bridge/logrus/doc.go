// Package ledgerlogrus sends what a logrus logger logs to a log server, through a
// [ledger.Client].
//
//	client, err := ledger.Open(ledger.Config{Dir: "/var/lib/shop/ledger"})
//	...
//	logrus.AddHook(ledgerlogrus.NewHook(client))
//
// # What becomes of an entry
//
//	logrus                          record
//	Message, Time                   its message and time
//	Level                           trace -8, debug to error as in slog; fatal and panic ledger.LevelCritical
//	fields                          attributes of their keys; values as in ledger.Record.Attrs
//	field "error", else the first   also the record's Err; at error and above the record is an
//	  error by key                  exception, with the stack that the error carries, or the caller
//	Context                         the trace, and the attributes of the request's scope
//	Caller (SetReportCaller)        code.function.name, code.file.path, code.line.number
//
// The record has the type "logger" if it is no exception. Values are read during the
// call and not kept.
//
// # Promises
//
//   - A log call waits for neither the disk nor the network, unless the client's
//     durability is SyncAlways. An entry of the levels fatal and panic waits for the
//     disk, up to two seconds (WithSyncTimeout), because logrus ends the process, or
//     the goroutine, after it.
//   - A fault of logging never reaches the application: nothing is returned to logrus,
//     which would print it for every line. The client counts what was not admitted.
//
// What a client says about itself belongs elsewhere: do not give Config.Logger a
// handler that ends in this hook.
package ledgerlogrus
