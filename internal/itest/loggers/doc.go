// Package loggers shows that [ledger.Client.Writer] reads what the logging libraries
// really write: zerolog, zap, slog, logrus and the standard log. It has no code of its
// own.
package loggers
