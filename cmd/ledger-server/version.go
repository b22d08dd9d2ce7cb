package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version names the build: the version of the module if it was installed by
// one, else the commit it was built from.
func version() string {
	v := "unknown version"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("ledger-server %s %s %s/%s", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
