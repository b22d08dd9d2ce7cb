// Package logserver is the far end of tests: a log server that keeps what it is sent, and
// what servers with a behavior of their own read a request with.
package logserver
