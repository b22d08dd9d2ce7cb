package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// writeAbout prints what a reader needs to judge the tables, as Markdown that reads as
// plain text.
func writeAbout(out io.Writer, all []peer, f form, scenarios []scenario) {
	s := scenarios[0]
	fmt.Fprintf(out, "Outages of the log server, %s: up %v, down, up %v, shutdown within %v, and up to %v for the next process. One run per cell.\n",
		f.name, s.before, s.after, shutdownTime, s.next)
	fmt.Fprintf(out, "%s, %s/%s, %d CPUs%s.\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), model())
	versions := versions()
	for _, p := range all {
		var names []string
		for _, module := range p.modules {
			names = append(names, module+" "+versions[module])
		}
		fmt.Fprintf(out, "- %s: %s; %s\n", p.name, strings.Join(names, ", "), p.note)
	}
}

// versions of the modules that this program is made of.
func versions() map[string]string {
	found := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	for _, m := range info.Deps {
		found[m.Path] = m.Version
		if m.Replace != nil {
			found[m.Path] = "(this tree)"
		}
	}
	return found
}

// model is that of the processor, where the system tells.
func model() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // It was only read.
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return " (" + strings.TrimSpace(value) + ")"
		}
	}
	return ""
}
