package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says which build of the program this is.
type build struct {
	SchemaVersion int    `json:"schema_version"`
	Version       string `json:"version"`
	Revision      string `json:"revision,omitempty"`
	Go            string `json:"go"`
	Platform      string `json:"platform"`
}

// thisBuild reads what the Go command wrote into the binary.
func thisBuild() build {
	b := build{SchemaVersion: schemaVersion, Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	var out outputFlag
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  ledger-replay version\n  ledger-replay version --json",
		Args:    cobra.NoArgs,
		RunE: a.begin(func(*cobra.Command, []string) error {
			asJSON, err := out.isJSON()
			if err != nil {
				return err
			}
			b := thisBuild()
			if asJSON {
				return a.ui.document(b)
			}
			_, err = fmt.Fprintf(a.ui.out, "ledger-replay %s %s %s\n", b.Version, b.Go, b.Platform)
			return err
		}),
	}
	out.add(cmd, "text", "json")
	return cmd
}
