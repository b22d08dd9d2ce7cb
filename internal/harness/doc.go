// Package harness runs a service under load, kills it, and says what had to survive.
// The demo and the end-to-end tests share it. It uses the standard library alone.
//
// # Promises
//
//   - H1 It ends only processes that it started, by their id, and leaves none: Kill
//     and Stop return when the process is gone, and on Linux a child dies with the
//     process that started it.
//   - H2 Everything is bounded: the output that is kept of a process, the requests in
//     flight, every wait.
//   - H3 A request counts as answered only when its whole response was read without
//     an error.
//   - H4 [Watch] calls a request synced only if that is proven by the service's own
//     counters, without trust in clocks or intervals. See [Watch.Cutoff].
package harness
