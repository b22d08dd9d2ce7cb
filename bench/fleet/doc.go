// Command fleet simulates what a server goes through that comes back after an hour
// when ten thousand shippers have a backlog for it, under this project's policy and
// under five others. It prints a table and draws the load.
//
//	go run ./fleet                        the table; about a minute
//	go run ./fleet -markdown -svg x.svg   the table for a page, and the plot
//	go run ./fleet -shippers 1000 -seed 7 a tenth of everything, another chance
//	go run ./fleet -policy ledger         one policy
//
// # The model
//
// Every shipper logs an entry each 30 s, which stands for 83 records, so that an
// hour of them is ten batches of 1000, and a fleet of 10,000 in its ordinary state
// makes 333 requests per second. (With an entry in every flush interval of 5 s it
// would be 2000, and a server for 1000 could not bear it even without an outage.)
// Entries are sent 5 s after they were logged, a dozen of them in a request; while
// a backlog is sent, fresh ones join its end.
//
// The server refuses every connection for an hour, and the shippers fail and wait as
// they do. Then it serves its capacity. What is beyond that, and 100 ms of queue, it
// answers at once with 503, or with 429 and a Retry-After of 30 s; or it queues up to
// 10 s of work and lets the rest wait for the client's timeout of 30 s. An answer
// takes 20 to 80 ms. A refusal costs the server nothing, which flatters the policies
// that are refused most.
//
// Time is virtual, chance is seeded: a run can be repeated to the last request.
//
// # What is reported
//
// Load is counted from the moment the server is back. Peak load is the most that was
// offered in any window of 1 s and of 10 s, over the capacity. Goodput is what was
// accepted over what could have been, until 95% of the backlog was in, and until all
// of it was. The difference is the tail: shippers that were sent away and wait, while
// the server has idle time that they cannot know of.
package main
