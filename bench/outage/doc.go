// Command outage measures how many records are lost when the log server is down for
// a while: by this library and by those that a Go service would otherwise use, each
// at its defaults.
//
//	go run ./outage                  outages of 20 s, in under two minutes
//	go run ./outage -full            of 60 s and 300 s, in seven minutes
//	go run ./outage -full -markdown  and with the tables of the README
//
// Each run has a server of its own on the loopback interface and a process that logs
// at an even pace. The server is up for 5 s, down, and up for 20 s; then the process
// shuts its library down within 10 s. If records are missing then, the process is
// started once more, logs nothing, and has 30 s to deliver what the first one left
// behind. All runs go on at the same time; they are idle most of it.
//
// Three outages: refused (nothing listens), 503 (every request is answered so), and
// kill, which is refused with a SIGKILL of the logging process halfway and its restart
// a second later.
//
// What is counted is no library's own statistics. A record counts as emitted when the
// log call has returned without an error and the process has then written the record's
// number to a pipe: what is in the pipe outlives the process. It counts as delivered
// when the server has read it from a request that it answered with success. Emitted and
// never delivered is lost. Delivered twice is a duplicate.
package main
