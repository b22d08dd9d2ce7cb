package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run() error {
	shippers := flag.Int("shippers", 10_000, "how many; capacities shrink and grow with them")
	seed := flag.Uint64("seed", 1, "of everything that is left to chance")
	markdown := flag.Bool("markdown", false, "print the table as Markdown")
	only := flag.String("policy", "", "`name` of the only policy to simulate")
	svg := flag.String("svg", "", "`file` to draw the load of 1000/s and 503 into")
	flag.Parse()
	if *shippers < 1 {
		return fmt.Errorf("-shippers is %d, less than 1", *shippers)
	}

	var results, drawn []result
	for _, sc := range scenarios(*shippers, *seed) {
		if *only != "" && *only != sc.policy.name {
			continue
		}
		r := measure(simulate(sc))
		results = append(results, r)
		if sc.drawn {
			drawn = append(drawn, r)
		}
		fmt.Fprintf(os.Stderr, "%.0f/s, %s, %s: done\n", sc.capacity, sc.mode, sc.policy.name)
	}
	if len(results) == 0 {
		return fmt.Errorf("no policy is named %q", *only)
	}
	if *svg != "" {
		var b bytes.Buffer
		plot(&b, drawn)
		if err := os.WriteFile(*svg, b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return table(os.Stdout, results, *markdown)
}

// scenarios are all that is simulated. Of a fleet of 10,000 the server bears 1000
// requests per second, and to show what that does half and twice as many.
func scenarios(shippers int, seed uint64) []scenario {
	var all []scenario
	for _, server := range []struct {
		capacity float64
		mode     mode
		drawn    bool
	}{
		{1000, unavailable, true},
		{1000, tooMany, false},
		{1000, queueing, false},
		{500, unavailable, false},
		{2000, unavailable, false},
	} {
		for _, c := range contenders() {
			all = append(all, scenario{
				shippers: shippers, capacity: server.capacity * float64(shippers) / 10_000,
				mode: server.mode, policy: c, seed: seed, drawn: server.drawn,
			})
		}
	}
	return all
}
