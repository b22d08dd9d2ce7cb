// Command testall runs the tests of several modules and says at the end what they were.
//
//	go run ./scripts/testall [-p n] [-norace module,...] [-faults] module... [-- go test flags]
//
// It exists for three things that `go test ./...` alone does not give: one run over all
// modules of the repository, the race detector wherever it can be built (and one line
// that says why not where it cannot), and a summary that names every skipped test with
// its reason, because a skip that nobody sees is a promise that nobody checks.
//
// A test that stages a fault says with an attribute what it has shown, such as
// t.Attr("fault", "power cut | 120 cuts, 0 of 52,310 records lost"); these are printed
// at the end, one line per fault.
//
// It exits 1 if a test or a build failed, and if no test ran at all.
package main
