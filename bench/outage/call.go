package main

import (
	"fmt"
	"time"
)

// readyLine is what a logging process says before its first call.
const readyLine = "ready"

// call is a log call that has returned.
type call struct {
	number  int
	at      time.Time
	refused bool // with an error
}

// line is the call as a logging process reports it.
func (c call) line() string {
	return fmt.Sprintf("%d %d %t\n", c.number, c.at.UnixNano(), c.refused)
}

func parseCall(line string) (call, error) {
	var c call
	var at int64
	if _, err := fmt.Sscanf(line, "%d %d %t", &c.number, &at, &c.refused); err != nil {
		return call{}, fmt.Errorf("read %q: %w", line, err)
	}
	c.at = time.Unix(0, at)
	return c, nil
}
