// Package proxies shows delivery through what stands between a service and its log
// server: nginx, and a network that is slow, cuts and swallows. It has tests only, and
// all of it is on the loopback interface.
//
// nginx is the one that is installed, run with a configuration of its own in a temporary
// folder, as a process group that dies with the tests. The bad network is a small proxy
// for TCP in this package, whose [toxic] says what it does to connections.
//
// # What is shown
//
//   - P1 Every record arrives, found by its record ID, whatever answered in the server's
//     place or did not answer at all; and nothing is given up (L2).
//   - P2 Copies of a record are the same record (S2). A server behind a bad network gets
//     at most Stats.Delivery.AmbiguousRecords of them. A proxy can answer for a server
//     that has the records, and then it is Stats.Delivery.Resent.
//   - P3 Log returns while nothing reaches the server, and nothing comes from it (L1).
//   - P4 Limits that nginx has on a body are learned, and kept to from then on.
//   - P5 Connections are used again, also when nginx closes them while they are idle,
//     and dead ones are left.
//
// The nginx tests need Linux, and nginx from anywhere: where it is missing they skip, and
// fail in CI. What is random comes from a seed, which is printed and can be given back in
// LEDGER_SEED; the order in which connections draw from it is the scheduler's.
// LEDGER_CRASH=long makes the storm of TestEverythingArrivesAfterAStorm last a minute.
package proxies
