package main

import (
	"fmt"
	"time"
)

// outage is what happens to the server, and to the process that logs.
type outage string

const (
	none        outage = "none"    // for tests
	refused     outage = "refused" // nothing listens
	unavailable outage = "503"     // every request is answered so
	killed      outage = "kill"    // refused, and the process is killed halfway and restarted
)

// scenario is what a library is put through.
type scenario struct {
	outage outage
	rate   int           // records per second
	before time.Duration // the server is up, ...
	down   time.Duration
	after  time.Duration // ... and up again
	// next is how long the next process has to deliver what the last one left.
	next time.Duration
}

// load names the columns of the tables.
func (s scenario) load() string { return fmt.Sprintf("%v s, %d/s", s.down.Seconds(), s.rate) }

// length is how long a run takes at most when all goes well.
func (s scenario) length() time.Duration {
	return s.before + s.down + s.after + s.next + 2*shutdownTime
}

// form is a set of scenarios.
type form struct {
	name string
	down []time.Duration
}

func shortForm() form { return form{"short form", []time.Duration{20 * time.Second}} }

func fullForm() form { return form{"full form", []time.Duration{60 * time.Second, 300 * time.Second}} }

// scenarios of the form, kind by kind.
func (f form) scenarios() []scenario {
	var all []scenario
	for _, o := range []outage{refused, unavailable, killed} {
		for _, down := range f.down {
			for _, rate := range []int{10, 200} {
				all = append(all, scenario{
					outage: o, rate: rate, down: down,
					before: 5 * time.Second, after: 20 * time.Second, next: 30 * time.Second,
				})
			}
		}
	}
	return all
}
