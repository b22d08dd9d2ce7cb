// Package ledgerzap sends what a zap logger logs to a log server, through a
// [ledger.Client].
//
//	client, err := ledger.Open(ledger.Config{Dir: "/var/lib/shop/ledger"})
//	...
//	log := zap.New(zapcore.NewTee(console, ledgerzap.New(client)), zap.AddCaller())
//
// # What becomes of an entry
//
//	zap                             record
//	Message, Time                   its message and time
//	Level                           Debug to Error as in slog; DPanic is Error; Panic and Fatal are
//	                                ledger.LevelCritical; below Debug -8
//	fields                          attributes of their keys; objects and namespaces become dotted keys,
//	                                objects in arrays JSON text
//	the first error                 also the record's Err; at Error and above the record is an exception
//	a context.Context (see Context) the trace, and the attributes of the request's scope; it is not logged
//	LoggerName                      logger.name
//	Caller                          code.function.name, code.file.path, code.line.number
//	Stack                           exception.stacktrace, unless the error carries a stack of its own;
//	                                an exception without either gets the caller as its only frame
//
// The record has the type "logger" if it is no exception. The logger's name is not the
// record's instrumentation scope, which is that of this library: a name like "shop.cart"
// is one of the application's own, and the Ledger SDK's bridges call it logger.name too.
//
// Values are read during the call, those of With during With, and not kept. A method of
// the application that panics leaves "!PANIC: ..." where its value would be.
//
// # Promises
//
//   - A log call waits for neither the disk nor the network, unless the client's
//     durability is SyncAlways. An entry above Error waits for the disk, up to two
//     seconds (WithSyncTimeout), because zap ends the process, or the goroutine, after
//     it.
//   - A fault of logging never reaches the application: Write returns nil, because zap
//     prints what it returns, for every line. The client counts what was not admitted.
//
// What a client says about itself belongs elsewhere: do not give Config.Logger a
// handler that ends in this core.
package ledgerzap
