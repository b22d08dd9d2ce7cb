// Command bench measures what a log call costs its caller, what a served request costs
// more when it is recorded, what durable records cost, what the log itself does and what
// delivering a backlog takes, beside the libraries that a Go service would otherwise use
// and beside what the disk itself can do.
//
//	go run .                 every table
//	go run . -run capture    one of them: capture, durable, batch, reclaim, open, tail, drain, http
//	go run . -rounds 20      more rounds
//
// All variants take turns within each round, so that a machine whose speed drifts
// treats them alike. What is printed is the median over the rounds with the
// quartiles, and the ratio to the first variant taken round by round. Absolute
// numbers are this machine's; the ratios are what to compare.
//
// What an outage of the log server costs is measured by the command in ./outage.
package main
