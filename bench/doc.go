// Command bench measures what a log call costs its caller, and what a durable
// record costs, beside the libraries that a Go service would otherwise use and
// beside what the disk itself can do.
//
//	go run .                 both tables
//	go run . -run capture    one of them
//	go run . -rounds 20      more rounds
//
// All variants take turns within each round, so that a machine whose speed drifts
// treats them alike. What is printed is the median over the rounds with the
// quartiles, and the ratio to the first variant taken round by round. Absolute
// numbers are this machine's; the ratios are what to compare.
package main
