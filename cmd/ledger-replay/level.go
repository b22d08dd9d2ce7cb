package main

import (
	"fmt"
	"strconv"
	"strings"
)

const levelInfo = 9

// levels are the names of OTLP's severity ranges, each by its lowest number, with
// the last two called what the library calls them.
var levels = [...]struct {
	from int
	name string
}{{1, "TRACE"}, {5, "DEBUG"}, {9, "INFO"}, {13, "WARN"}, {17, "ERROR"}, {21, "CRITICAL"}}

func levelName(severity int) string {
	name := levels[0].name
	for _, l := range levels {
		if severity >= l.from {
			name = l.name
		}
	}
	return name
}

// parseLevel reads a level by its name or by OTLP's number, 1 to 24.
func parseLevel(s string) (int, error) {
	upper := strings.ToUpper(s)
	switch upper {
	case "WARNING":
		upper = "WARN"
	case "FATAL":
		upper = "CRITICAL"
	}
	for _, l := range levels {
		if l.name == upper {
			return l.from, nil
		}
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 24 {
		return n, nil
	}
	return 0, fmt.Errorf("level is %q, not trace, debug, info, warn, error, critical or a number from 1 to 24", s)
}
